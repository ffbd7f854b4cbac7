// For an operator, while no server runs (docs/receipts.md):
//   npm run audit -- [settings.json]          is the audit whole, and its end where it was sealed?
//   npm run audit -- [settings.json] accept   goes on from what is there, after a loss was found and looked into
import path from 'node:path';
import process from 'node:process';
import { readSettings } from '../media-server/src/settings.ts';
import { systemClock } from '../media-server/src/shared/clock.ts';
import { silentLogger } from '../media-server/src/shared/logger.ts';
import { AuditSeal } from '../media-server/src/storage/audit-seal.ts';
import { receiptSigner } from '../media-server/src/storage/receipt-key.ts';
import { openStorage } from '../media-server/src/storage/storage.ts';

const words = process.argv.slice(2);
const { dataFolder } = readSettings(words.find((word) => word !== 'accept'));
const now = systemClock.now();
const opened = await openStorage({ kind: 'sqlite', file: path.join(dataFolder, 'tonegate.sqlite') }, now);
if (!opened.ok) {
  console.error(opened.error.message);
  process.exit(2);
}
const seal = new AuditSeal({
  storage: opened.value,
  signer: receiptSigner(path.join(dataFolder, 'receipt-key.pem')),
  file: path.join(dataFolder, 'audit.seal'),
  clock: systemClock,
  log: silentLogger,
});
const findings = words.includes('accept') ? await seal.accept(now) : await seal.check();
for (const finding of findings) console.error(finding);
if (findings.length === 0) console.log('whole: every entry follows the one before it, up to the seal');
await opened.value.destroy();
process.exit(findings.length === 0 ? 0 : 1);
