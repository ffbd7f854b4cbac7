#!/usr/bin/env node
// Sees to it that a mediasoup worker that runs on this host exists, and prints its path on the last line:
//   node ensure-worker.mjs <mediasoup package folder> <path for a binary built here>
// In this order: MEDIASOUP_WORKER_BIN; the binary in the package; mediasoup's prebuilt from GitHub; build.sh.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const [packageDir, builtPath] = process.argv.slice(2).map((arg) => path.resolve(arg));
if (!packageDir || !builtPath) {
  console.error('usage: ensure-worker.mjs <mediasoup package folder> <path for a binary built here>');
  process.exit(2);
}
const here = path.dirname(fileURLToPath(import.meta.url));
const prebuiltPath = path.join(packageDir, 'worker/out/Release/mediasoup-worker');
const DOWNLOAD_TIMEOUT_MS = 60_000;

// Without MEDIASOUP_VERSION in its environment the worker ends with 41: it can be loaded and runs.
const runs = (file) => existsSync(file) && spawnSync(file, { env: {}, stdio: 'ignore' }).status === 41;

function found(file, how) {
  console.log(`mediasoup-worker: ${how}`);
  console.log(file);
  process.exit(0);
}

const given = process.env.MEDIASOUP_WORKER_BIN;
if (given) {
  if (runs(given)) found(given, 'given by MEDIASOUP_WORKER_BIN');
  console.error(`mediasoup-worker: MEDIASOUP_WORKER_BIN is set to ${given}, which does not run`);
  process.exit(1);
}
if (runs(prebuiltPath)) found(prebuiltPath, 'the package has one');

// mediasoup's own postinstall: downloads the prebuilt. Where it cannot, it would go on to build with meson and
// pip, which need the internet too; a Python that fails at once ends it there.
if (!existsSync(builtPath)) {
  console.log('mediasoup-worker: trying the prebuilt from GitHub');
  spawnSync(process.execPath, ['npm-scripts.mjs', 'postinstall'], {
    cwd: packageDir,
    env: { ...process.env, PYTHON: 'false' },
    stdio: 'ignore',
    timeout: DOWNLOAD_TIMEOUT_MS,
  });
  if (runs(prebuiltPath)) found(prebuiltPath, 'downloaded the prebuilt');
}

console.log("mediasoup-worker: no prebuilt to be had, building from the package's sources");
const { status } = spawnSync(path.join(here, 'build.sh'), [packageDir, builtPath], { stdio: 'inherit' });
if (status !== 0 || !runs(builtPath)) process.exit(status || 1);
found(builtPath, 'built here');
