// See audit.ts.
//   npm run audit:residue -- [--payments 200] [--together 6]
import process from 'node:process';
import { auditResidue } from './audit.ts';
import { memoryIsReadable } from './memory.ts';

const option = (name: string, standard: number, least: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? standard : Number(process.argv[at + 1]);
  if (!Number.isInteger(value) || value < least || value > 10_000)
    throw new Error(`--${name} is a number from ${least} to 10000`);
  return value;
};

if (!memoryIsReadable()) {
  console.error(
    'the memory of other processes can’t be read here: needs Linux, and root or kernel.yama.ptrace_scope 0',
  );
  process.exit(2);
}
const { payments, outcomes, hits, searched, missed } = await auditResidue(
  option('payments', 200, 6),
  option('together', 6, 2),
  (done) => console.error(`${Math.round(process.uptime())} s: ${done}`),
);
console.log('\nPayments:');
for (const [what, count] of Object.entries(outcomes).sort())
  console.log(`  ${what.padEnd(70)} ${String(count).padStart(5)}`);
console.log('\nSearched, how often and MB:');
for (const [where, { times, bytes }] of searched)
  console.log(`  ${where.padEnd(60)} ${String(times).padStart(5)} ${(bytes / 1e6).toFixed(1).padStart(10)}`);
for (const what of missed) console.log(`NOT FOUND, though planted: ${what}`);
for (const { where, card, shape, at } of hits) console.log(`FOUND in ${where}: ${card}, ${shape}, at ${at}`);
const planted = missed.length === 0;
console.log(JSON.stringify({ audit: 'residue', payments, hits: hits.length, planted_found: planted }));
process.exit(hits.length === 0 && planted ? 0 : 1);
