import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { FREED_BYTE } from '../cde/contract.ts';
import { type CardSettings } from '../cde/settings.ts';

/** What of our environment the card process gets: nothing that could switch on a debugger or load foreign code. */
const ENVIRONMENT = ['PATH', 'LANG', 'TZ'] as const;
/**
 * No core dumps (core(5)). The size's limit of 0 counts for files, yet not where the system pipes dumps to a program: so
 * none of its memory may be in one either. Both pass to what is executed.
 */
const NO_DUMPS = 'ulimit -c 0; { echo 0 >/proc/self/coredump_filter; } 2>/dev/null';

/**
 * The C library writes over memory as it is freed, and as it is given out (mallopt(3), M_PERTURB): what Node's sockets and
 * OpenSSL leave behind. Its cache per thread (tcache) would pass memory on without that. Costs 0.6 µs a packet.
 */
const OVERWRITTEN = `glibc.malloc.perturb=${FREED_BYTE}:glibc.malloc.tcache_count=0`;

/** The file that the card process reads its settings from, beside its socket. */
export function settingsFile(settings: CardSettings): string {
  return `${settings.socket}.json`;
}

/** Whether the settings that a card process was last started with are these. */
export function startedWith(settings: CardSettings): boolean {
  const file = settingsFile(settings);
  return existsSync(file) && readFileSync(file, 'utf8') === asText(settings);
}

/**
 * Starts the card process: in a session of its own, so that neither the terminal's interrupt nor the server's death
 * reaches it, without core dumps (they would hold keyed digits), its output going to its log file.
 *
 * @param entry path of cde/main.ts
 * @throws if the folder, the settings file or the log file can't be written
 */
export function launch(settings: CardSettings, entry: string): ChildProcess {
  const folder = dirname(settings.socket);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const file = settingsFile(settings);
  // Whole or not at all: a card process may be started by hand at this moment.
  writeFileSync(`${file}.new`, asText(settings), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  mkdirSync(dirname(settings.logFile), { recursive: true, mode: 0o700 });
  try {
    // Node's permissions are for folders that are there.
    mkdirSync(settings.ledgerFolder, { recursive: true, mode: 0o700 });
  } catch {
    // The card process says what is wrong with it, and takes no money.
  }
  const log = openSync(settings.logFile, 'a', 0o600);
  try {
    const child = spawn(
      '/bin/sh',
      ['-c', `${NO_DUMPS}; exec "$0" "$@"`, process.execPath, ...confinement(settings, entry), entry, file],
      {
        detached: true,
        cwd: folder,
        stdio: ['ignore', log, log],
        env: {
          ...Object.fromEntries(ENVIRONMENT.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
          // Compiled code of an earlier start halves the time to be back after a crash. In our own folder: nobody else's
          // code may get in by it.
          NODE_COMPILE_CACHE: join(folder, 'compiled'),
          GLIBC_TUNABLES: OVERWRITTEN,
        },
      },
    );
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/**
 * Node's flags: no debugger by signal, no `eval`, no programs, no native modules; reads its code, prompts and the files that
 * its settings name; writes only where its socket, ledger and log are. Threads inherit it.
 */
function confinement(settings: CardSettings, entry: string): string[] {
  const source = dirname(import.meta.dirname);
  const root = dirname(dirname(source));
  // Its log is handed to it open.
  const own = [dirname(settings.socket), settings.ledgerFolder];
  const named = namedFiles(settings);
  const reads = [
    ...[source, join(root, 'media-server'), join(root, 'node_modules'), dirname(entry)].flatMap((folder) => [
      folder,
      real(folder),
    ]),
    ...[...own, ...named],
    // What it needs to say which of this is in force.
    ...[
      ...['/proc/self/status', '/proc/self/net/packet', '/proc/self/limits', '/proc/self/coredump_filter'],
      ...['/proc/swaps', `/proc/${process.pid}/status`],
    ],
  ];
  return [
    '--disable-sigusr1',
    '--disallow-code-generation-from-strings',
    '--no-warnings=PERM0006',
    '--permission',
    '--allow-worker',
    ...reads.map((path) => `--allow-fs-read=${path}`),
    ...[...own, ...named.filter((path) => path === settings.fingerprintKeyFile || path === settings.kekFile)].map(
      (path) => `--allow-fs-write=${path}`,
    ),
  ];
}

function real(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

/** Absolute paths that stand in the settings: files of certificates, keys and credentials. */
function namedFiles(settings: CardSettings): string[] {
  const files: string[] = [];
  JSON.stringify(settings, (_name, value: unknown) => {
    if (typeof value === 'string' && isAbsolute(value)) files.push(value);
    return value;
  });
  return files;
}

function asText(settings: CardSettings): string {
  return `${JSON.stringify(settings, null, 2)}\n`;
}
