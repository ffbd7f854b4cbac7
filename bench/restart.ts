// `npm run bench:restart`: how long calls are without a card process when it is killed, from the signal until it says that
// it is ready. A house for each round: only the first restart is without delay. Beside it, in the same run: Node's own
// start with nothing to do.
//   npm run bench:restart -- [--rounds 10]
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { House } from '../tests/house/house.ts';
import { option } from './lib/options.ts';

const rounds = option('rounds', 10, 100);
/** A card process that isn't back by then won't be, ms. */
const LIMIT_MS = 10_000;

function readyPid(log: string): number {
  const ready = readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"card process is ready"'));
  return Number(JSON.parse(ready.at(-1) ?? '{"pid":0}').pid);
}

async function restartMs(): Promise<number> {
  const house = await House.open({});
  try {
    const log = path.join(house.stack.folder, 'card/card.log');
    const pid = readyPid(log);
    process.kill(pid, 'SIGKILL');
    const killed = performance.now();
    while (readyPid(log) === pid) {
      if (performance.now() - killed > LIMIT_MS) throw new Error(`no card process after ${LIMIT_MS} ms`);
      await wait(2);
    }
    return performance.now() - killed;
  } finally {
    await house.close();
  }
}

function bareMs(): number {
  const started = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  return performance.now() - started;
}

function middle(figures: number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN;
}

const restarts: number[] = [];
const bare: number[] = [];
for (let round = 0; round < rounds; round++) {
  restarts.push(await restartMs());
  bare.push(bareMs());
}
const figures = { p50: Math.round(middle(restarts)), max: Math.round(Math.max(...restarts)) };
const node = Math.round(middle(bare));
console.log(`\n${rounds} restarts on ${cpus().length} × ${cpus()[0]?.model}\n`);
console.log(`  killed until ready   p50 ${figures.p50} ms, max ${figures.max} ms`);
console.log(`  a bare Node          p50 ${node} ms   (ratio ${(figures.p50 / node).toFixed(1)})\n`);
console.log(JSON.stringify({ bench: 'restart', rounds, restart_ms: figures, bare_node_ms: node }));
