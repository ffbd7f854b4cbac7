// The keys that merchants' gateway credentials are sealed under (PCI DSS 3.7).
//   npm run gateway-keys -- [settings.json]            which keys there are, and how much is sealed under each
//   npm run gateway-keys -- [settings.json] rotate     a new key in front; then SIGHUP the server: it wraps all under it
//   npm run gateway-keys -- [settings.json] retire     forgets the keys under which nothing is sealed any more
import { existsSync } from 'node:fs';
import process from 'node:process';
import { CredentialStore, credentialsFile } from '../media-server/src/cde/vault/credential-store.ts';
import { newKey, readKeyFile } from '../media-server/src/cde/vault/key-file.ts';
import { KEK_SETTING } from '../media-server/src/cde/vault/key-ring.ts';
import { cardFiles } from './card-files.ts';
import { replaceKeyFile } from './replace-key-file.ts';

const words = process.argv.slice(2);
const verb = words.find((word) => word === 'rotate' || word === 'retire');
const { kekFile: file, ledger: folder } = cardFiles(words.find((word) => word !== verb));

if (!existsSync(file)) {
  console.error(`${file} isn't there: the server makes it at its first start.`);
  process.exit(1);
}
let { keys } = readKeyFile(KEK_SETTING, file);
const sealed = sealedUnder();

if (verb === 'rotate') {
  keys = [newKey(), ...keys];
  replaceKeyFile(file, keys);
  console.log('A new key is first. Now: kill -HUP <server>, see that nothing is sealed under the others, then retire.');
} else if (verb === 'retire') {
  const gone = keys.slice(1).filter(({ id }) => !sealed.has(id));
  keys = keys.filter((key) => !gone.includes(key));
  if (gone.length > 0) replaceKeyFile(file, keys);
  console.log(gone.length > 0 ? `forgotten: ${gone.map(({ id }) => id).join(', ')}` : 'Nothing to forget.');
}
for (const [at, { id }] of keys.entries()) {
  console.log(`  ${id}${at === 0 ? ' (seals)' : ''}: ${sealed.get(id) ?? 0} sealed`);
}

function sealedUnder(): Map<string, number> {
  const counts = new Map<string, number>();
  if (!existsSync(credentialsFile(folder))) return counts;
  const store = new CredentialStore(folder);
  for (const { sealed } of store.all()) if (sealed) counts.set(sealed.kid, (counts.get(sealed.kid) ?? 0) + 1);
  store.close();
  return counts;
}
