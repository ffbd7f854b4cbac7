// See audit.ts.
import process from 'node:process';
import { auditResidue } from './audit.ts';

const option = (name: string, standard: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? standard : Number(process.argv[at + 1]);
  if (!Number.isInteger(value) || value < 1 || value > 10_000) throw new Error(`--${name} is a number from 1 to 10000`);
  return value;
};
const { payments, outcomes, hits, searched, plantedFound } = await auditResidue(
  option('payments', 200),
  option('together', 4),
);
console.log(`\n${payments} payments:`);
for (const [what, count] of Object.entries(outcomes).sort())
  console.log(`  ${what.padEnd(40)} ${String(count).padStart(6)}`);
console.log('\nSearched, MB:');
for (const [where, bytes] of searched) console.log(`  ${where.padEnd(60)} ${(bytes / 1e6).toFixed(1).padStart(9)}`);
for (const { where, shape } of hits) console.log(`FOUND ${where}: ${shape}`);
console.log(JSON.stringify({ audit: 'residue', payments, hits: hits.length, planted_found: plantedFound }));
process.exit(hits.length === 0 && plantedFound ? 0 : 1);
