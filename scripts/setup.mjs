#!/usr/bin/env node
// Sets up what is missing, says what it does, and does nothing the second time. Runs on Node 20 and needs nothing but npm.
//   node scripts/setup.mjs --for start|test
// Each step leaves a stamp when it is done, so that a set-up that was killed goes on where it was.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const build = path.join(root, 'build');
const purpose = process.argv[process.argv.indexOf('--for') + 1] ?? 'start';

const say = (text) => console.error(`tonegate: ${text}`);

function fail(text) {
  say(text);
  process.exit(1);
}

function run(what, command, args, options = {}) {
  const started = Date.now();
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    ...options,
  });
  if (error) fail(`${what} failed: ${error.message}`);
  if (status !== 0)
    fail(`${what} failed (${command} ${args.join(' ')} ended with ${status}); mend it and run the same command again`);
  say(`${what}: done in ${Math.round((Date.now() - started) / 100) / 10} s`);
}

function digestOf(files) {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(path.join(root, file)))
      .update('\0');
  return hash.digest('hex');
}

function filesUnder(folder, skip = []) {
  const found = [];
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (skip.includes(entry.name)) continue;
    if (entry.isDirectory()) found.push(...filesUnder(file, skip));
    else if (entry.isFile()) found.push(file);
  }
  return found.sort();
}

const stampOf = (name) => path.join(build, `${name}.stamp`);
const stamped = (name, digest) => existsSync(stampOf(name)) && readFileSync(stampOf(name), 'utf8') === digest;
function stamp(name, digest) {
  mkdirSync(build, { recursive: true });
  writeFileSync(stampOf(name), digest);
}

/** Debian packages that are missing, of those named. Empty where there is no dpkg. */
function missing(packages) {
  return packages.filter((name) => {
    const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], { encoding: 'utf8' });
    return stdout?.trim() !== 'installed';
  });
}

/** Installs Debian packages as root, saying which; else prints the one command that does and ends with 1. */
function debian(packages, why) {
  const wanted = missing(packages);
  if (wanted.length === 0) return;
  const install = `apt-get install -y --no-install-recommends ${wanted.join(' ')}`;
  if (!isRoot() || spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status !== 0) {
    fail(`${why} needs system packages. As root: apt-get update && ${install}`);
  }
  say(`${why} needs system packages; installing ${wanted.join(' ')}`);
  const quiet = { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  run('the list of system packages', 'apt-get', ['update', '-qq'], quiet);
  run('system packages', 'apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...wanted], quiet);
}

function isRoot() {
  return process.getuid?.() === 0;
}

/** When npm was started, UTC ms: it runs this through a shell. Where /proc isn't there, when this was started. */
function npmStartedAt() {
  const stat = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  try {
    const npm = stat(process.ppid)[1];
    const [up] = readFileSync('/proc/uptime', 'utf8').split(' ');
    // Clock ticks since boot, of which Linux shows 100 a second.
    return Date.now() - (Number(up) - Number(stat(npm)[19]) / 100) * 1000;
  } catch {
    return Date.now() - process.uptime() * 1000;
  }
}

const WORKSPACES = ['client', 'desktop', 'media-server', 'media-server/api-schema', 'tests'];

function npmPackages() {
  const manifests = ['package-lock.json', 'package.json', ...WORKSPACES.map((w) => `${w}/package.json`)];
  const digest = digestOf(manifests);
  // The stamp lies in node_modules, so that it goes when that goes.
  const file = path.join(root, 'node_modules', '.tonegate-stamp');
  if (existsSync(file) && readFileSync(file, 'utf8') === digest) return;
  const begun = path.join(build, 'npm-packages.begun');
  if (existsSync(begun)) {
    // npm takes a package for whole when its package.json is there, whatever else of it a killed run left out.
    say('the last installation of npm packages was cut short: it begins anew');
    for (const folder of ['.', ...WORKSPACES])
      rmSync(path.join(root, folder, 'node_modules'), { recursive: true, force: true });
  }
  writeFileSync(begun, '');
  say('installing npm packages');
  // Without scripts: mediasoup's would build its worker with tools from elsewhere; ours comes below. Not `npm ci`: it
  // refuses a lock file from which a registry's mirror left out tools of other platforms, which nobody here needs.
  run('npm packages', 'npm', [
    'install',
    '--no-save',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]);
  writeFileSync(file, digest);
  rmSync(begun);
}

const WORKER_PACKAGES = [
  'g++',
  'cmake',
  'make',
  'pkg-config',
  'patch',
  'flatbuffers-compiler',
  'libflatbuffers-dev',
  'libuv1-dev',
  'libssl-dev',
  'libsrtp2-dev',
  'libabsl-dev',
];

function mediaWorker() {
  const recipe = path.join('scripts', 'mediasoup-worker');
  const out = path.join(build, 'mediasoup-worker');
  const digest = digestOf([...filesUnder(recipe), 'node_modules/mediasoup/package.json']);
  const where = path.join(build, 'mediasoup-worker.path');
  if (stamped('worker', digest) && existsSync(where) && existsSync(readFileSync(where, 'utf8'))) return;
  mkdirSync(build, { recursive: true });
  say("looking for a media worker (a ready-made one, else it is built from mediasoup's own sources: several minutes)");
  const ensure = (...flags) =>
    spawnSync(process.execPath, [path.join(recipe, 'ensure-worker.mjs'), ...flags, 'node_modules/mediasoup', out], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, BUILD_DIR: path.join(build, 'worker-build') },
    });
  let found = ensure('--no-build');
  if (found.status === 3) {
    debian(WORKER_PACKAGES, 'building the media worker');
    found = ensure();
  }
  if (found.status !== 0) fail('there is no media worker: see the lines above, mend it and run the same command again');
  writeFileSync(where, found.stdout.trim().split('\n').at(-1));
  stamp('worker', digest);
}

function client() {
  const digest = digestOf([
    ...filesUnder('client', ['node_modules', 'dist', 'test-server']),
    ...filesUnder('media-server/api-schema', ['node_modules']),
  ]);
  if (stamped('client', digest) && existsSync(path.join(root, 'client/dist/index.html'))) return;
  say('building the softphone');
  run('the softphone', process.execPath, [
    'scripts/run.mjs',
    'node_modules/vite/bin/vite.js',
    'build',
    'client',
    '--logLevel',
    'warn',
  ]);
  stamp('client', digest);
}

function testPeers() {
  const browser = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/google-chrome'].some(
    (file) => file && existsSync(file),
  );
  // Without root the browser that npm brings does; the foreign phones come from Debian alone.
  debian(
    ['sip-tester', 'baresip-core', 'multimon-ng', 'libnet-smpp-perl', ...(browser || !isRoot() ? [] : ['chromium'])],
    'testing with foreign phones and message centres',
  );
}

if (!existsSync(path.join(root, 'package-lock.json')) || !statSync(root).isDirectory())
  fail(`${root} is not a checkout of this project`);
mkdirSync(build, { recursive: true });
writeFileSync(path.join(build, 'started-at'), String(Math.round(npmStartedAt())));
npmPackages();
mediaWorker();
client();
if (purpose === 'test') testPeers();
