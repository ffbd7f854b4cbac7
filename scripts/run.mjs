#!/usr/bin/env node
// Runs a script of this project with the Node that package-lock.json pins, whatever Node typed `npm`.
//   node scripts/run.mjs <script> [arguments …]
// Not `node_modules/.bin/node`: npm 10 links no such file when two optional packages offer one.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** The pinned Node's path, or the Node that runs this where no package for this machine exists and it is new enough. */
export function pinnedNode() {
  const file = path.join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(file)) return file;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  console.error(
    `tonegate: no Node 24 for ${process.platform}-${process.arch} comes with this project; install Node 24 or newer and try again`,
  );
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const node = pinnedNode();
  const child = spawn(node, process.argv.slice(2), {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${path.dirname(node)}:${process.env.PATH ?? ''}` },
  });
  // The terminal's interrupt reaches the child by itself; the others are handed on.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}
