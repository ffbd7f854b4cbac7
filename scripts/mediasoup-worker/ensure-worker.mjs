#!/usr/bin/env node
// Sees to it that a mediasoup worker that runs on this host exists, and prints its path on the last line:
//   node ensure-worker.mjs [--no-build] <mediasoup package folder> <path for a binary built here>
// In this order: MEDIASOUP_WORKER_BIN; the binary in the package; one built here before; mediasoup's prebuilt by its own
// downloader; build.sh. With --no-build it ends with 3 instead of building.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const mayBuild = process.argv[2] !== '--no-build';
const [packageDir, builtPath] = process.argv.slice(mayBuild ? 2 : 3).map((arg) => path.resolve(arg));
if (!packageDir || !builtPath) {
  console.error('usage: ensure-worker.mjs [--no-build] <mediasoup package folder> <path for a binary built here>');
  process.exit(2);
}
const here = path.dirname(fileURLToPath(import.meta.url));
const prebuiltPath = path.join(packageDir, 'worker/out/Release/mediasoup-worker');
const DOWNLOAD_TIMEOUT_MS = 60_000;

// Without MEDIASOUP_VERSION in its environment the worker ends with 41: it can be loaded and runs.
const runs = (file) => existsSync(file) && spawnSync(file, { env: {}, stdio: 'ignore' }).status === 41;

function found(file, how) {
  console.error(`tonegate: the media worker: ${how}`);
  console.log(file);
  process.exit(0);
}

const given = process.env.MEDIASOUP_WORKER_BIN;
if (given && given !== 'none') {
  if (runs(given)) found(given, 'given by MEDIASOUP_WORKER_BIN');
  console.error(`tonegate: MEDIASOUP_WORKER_BIN is set to ${given}, which does not run`);
  process.exit(1);
}
if (runs(prebuiltPath)) found(prebuiltPath, 'the ready-made one');
if (runs(builtPath)) found(builtPath, 'built here before');

// mediasoup's own postinstall downloads the prebuilt. Where it cannot, it would go on to build with tools that it
// downloads too; a Python that fails at once ends it there.
if (!mayBuild) {
  console.error('tonegate: the media worker: trying the ready-made one');
  spawnSync(process.execPath, ['npm-scripts.mjs', 'postinstall'], {
    cwd: packageDir,
    env: { ...process.env, PYTHON: 'false', MEDIASOUP_WORKER_BIN: '' },
    stdio: 'ignore',
    timeout: DOWNLOAD_TIMEOUT_MS,
  });
  if (runs(prebuiltPath)) found(prebuiltPath, 'downloaded');
  console.error('tonegate: the media worker: no ready-made one to be had');
  process.exit(3);
}

const { status } = spawnSync('bash', [path.join(here, 'build.sh'), packageDir, builtPath], { stdio: ['ignore', 2, 2] });
if (status !== 0 || !runs(builtPath)) process.exit(status || 1);
found(builtPath, 'built here');
