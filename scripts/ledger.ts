// For an operator, while no card process runs (docs/money.md):
//   npm run ledger -- check <folder>    is the ledger whole, and is each attempt as it was written?
//   npm run ledger -- accept <folder>   goes on from what is there, after a loss was found and looked into
import process from 'node:process';
import { LEDGER_MAX_BYTES } from '../media-server/src/cde/attempt/ledger.ts';
import { LedgerStore } from '../media-server/src/cde/attempt/ledger-store.ts';

const [command, folder] = process.argv.slice(2);
if ((command !== 'check' && command !== 'accept') || !folder) {
  console.error('usage: npm run ledger -- check|accept <folder of the ledger>');
  process.exit(2);
}
try {
  const ledger = new LedgerStore({ folder, maxBytes: LEDGER_MAX_BYTES, acceptLoss: command === 'accept' });
  const wrong = ledger.check();
  ledger.close();
  if (wrong !== undefined) console.error(`The ledger in ${folder} is not what was written: ${wrong}.`);
  else
    console.log(
      command === 'check' ? 'whole: every event follows the one before it' : 'accepted: money is taken again',
    );
  process.exit(wrong === undefined ? 0 : 1);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
