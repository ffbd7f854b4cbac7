// npm run simulate -- --seed N --payments M   (docs/money.md)
// Plays M payments from seed N through the program's own money part, with faults of gateway, disk, clock and process, and
// says what went wrong; the last line is {"simulation":"money","seed":n,"payments":n,"violations":n}. Ends with 1 where
// anything did. `--plant <fault>` shows that a fault is found.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { simulateMoney } from '../tests/simulation/money.ts';
import { PLANTS } from '../tests/simulation/plants.ts';

const USAGE = `usage: npm run simulate -- --seed <0 … 4294967295> --payments <1 … 10000000> [--plant ${PLANTS.join('|')}]`;

function wholeNumber(text: string | undefined, otherwise: number, least: number, most: number): number {
  const number = text === undefined ? otherwise : /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  console.error(USAGE);
  process.exit(2);
}

function options() {
  try {
    const text = { type: 'string' } as const;
    return parseArgs({ options: { seed: text, payments: text, plant: text } }).values;
  } catch {
    console.error(USAGE);
    process.exit(2);
  }
}

const given = options();
const seed = wholeNumber(given.seed, Math.floor(Math.random() * 2 ** 32), 0, 2 ** 32 - 1);
const payments = wholeNumber(given.payments, 100_000, 1, 10_000_000);
const plant = PLANTS.find((one) => one === given.plant);
if (given.plant !== undefined && !plant) {
  console.error(USAGE);
  process.exit(2);
}

const { violations, firstWrong, payments: made } = await simulateMoney({ seed, payments, ...(plant && { plant }) });
let count = 0;
for (const [what, times] of violations) {
  console.log(`${times} × ${what}`);
  count += times;
}
if (firstWrong !== undefined) console.log(`first in the story of seed ${firstWrong}`);
console.log(JSON.stringify({ simulation: 'money', seed, payments: made, violations: count }));
process.exit(count === 0 ? 0 : 1);
