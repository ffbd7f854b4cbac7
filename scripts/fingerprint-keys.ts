// The keys of card fingerprints (PCI DSS 3.7).
//   npm run fingerprint-keys -- [settings.json]            which keys there are, and how many members' cards are known by each
//   npm run fingerprint-keys -- [settings.json] rotate     a new key in front; then SIGHUP the server
//   npm run fingerprint-keys -- [settings.json] retire     forgets all but the first; then SIGHUP. What they made says nothing
//                                                          any more, until the member's card is keyed again
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { FINGERPRINT_SETTING } from '../media-server/src/cde/attempt/fingerprint.ts';
import { newKey, readKeyFile } from '../media-server/src/cde/vault/key-file.ts';
import { cardFiles } from './card-files.ts';
import { replaceKeyFile } from './replace-key-file.ts';

const words = process.argv.slice(2);
const verb = words.find((word) => word === 'rotate' || word === 'retire');
const { fingerprintKeyFile: file, ledger: folder } = cardFiles(words.find((word) => word !== verb));

if (!existsSync(file)) {
  console.error(`${file} isn't there: the card process makes it at its first start.`);
  process.exit(1);
}
let { keys } = readKeyFile(FINGERPRINT_SETTING, file);
if (verb !== undefined) {
  keys = verb === 'rotate' ? [newKey(), ...keys] : keys.slice(0, 1);
  replaceKeyFile(file, keys);
  console.log(`${verb === 'rotate' ? 'A new key is first' : 'Only the first is left'}. Now: kill -HUP <server>.`);
}
const known = knownBy();
for (const [at, { id }] of keys.entries()) {
  console.log(`  ${id}${at === 0 ? ' (makes new ones)' : ''}: ${known.get(id) ?? 0} members' cards`);
}

function knownBy(): Map<string, number> {
  const ledger = path.join(folder, 'ledger.sqlite');
  if (!existsSync(ledger)) return new Map();
  const db = new DatabaseSync(ledger, { readOnly: true });
  const rows = db
    .prepare(
      `SELECT substr(fingerprint, 1, instr(fingerprint, '.') - 1) AS id, count(*) AS cards FROM stored_cards
       WHERE fingerprint IS NOT NULL GROUP BY 1`,
    )
    .all();
  db.close();
  return new Map(rows.map(({ id, cards }) => [String(id), Number(cards)]));
}
