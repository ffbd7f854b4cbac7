import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
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

/** The user that the card process runs as, by its numbers; only root can start it so. */
export interface CardOwner {
  readonly uid: number;
  readonly gid: number;
}

/** The file that the card process reads its settings from, beside its log: in a folder that it can't write. */
export function settingsFile(settings: CardSettings): string {
  return join(dirname(settings.logFile), `${basename(settings.socket)}.json`);
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
 * @param owner the user to run as, whose the folders of socket, ledger and keys become; absent: the caller's own
 * @throws if the folder, the settings file or the log file can't be written, or a folder isn't the owner's
 */
export function launch(settings: CardSettings, entry: string, owner?: CardOwner): ChildProcess {
  prepareFolders(settings, owner);
  const file = writeSettings(settings, owner);
  const log = openSync(settings.logFile, 'a', 0o600);
  try {
    const child = spawn(...command(settings, entry, file), {
      ...processOptions(settings),
      ...owner,
      detached: true,
      stdio: ['ignore', log, log],
    });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/**
 * Starts the card process for a supervisor: its output is the caller's, and it gets no session of its own. Else as
 * `launch`.
 */
export function startInFront(settings: CardSettings, entry: string, owner?: CardOwner): ChildProcess {
  prepareFolders(settings, owner);
  const file = writeSettings(settings, owner);
  return spawn(...command(settings, entry, file), {
    ...processOptions(settings),
    ...owner,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

/** The shell that gives up core dumps and becomes the card process. */
function command(settings: CardSettings, entry: string, file: string): [string, string[]] {
  const args = ['-c', `${NO_DUMPS}; exec "$0" "$@"`, process.execPath, ...confinement(settings, entry), entry, file];
  return ['/bin/sh', args];
}

function processOptions(settings: CardSettings): { readonly cwd: string; readonly env: NodeJS.ProcessEnv } {
  const folder = dirname(settings.socket);
  return {
    cwd: folder,
    env: {
      ...Object.fromEntries(ENVIRONMENT.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
      // Compiled code of an earlier start halves the time to be back after a crash. In our own folder: nobody else's
      // code may get in by it.
      NODE_COMPILE_CACHE: join(folder, 'compiled'),
      GLIBC_TUNABLES: OVERWRITTEN,
    },
  };
}

/** The folders that the card process writes, and that of its log, which is the caller's. */
function prepareFolders(settings: CardSettings, owner: CardOwner | undefined): void {
  const folder = dirname(settings.socket);
  mkdirSync(dirname(settings.logFile), { recursive: true, mode: 0o700 });
  if (owner) {
    // Others may pass through, to what is theirs; they can neither list nor write it.
    chmodSync(dirname(settings.logFile), 0o711);
    for (const own of [folder, settings.ledgerFolder]) makeOwned(own, owner);
    for (const keys of keyFolders(settings)) if (!existsSync(keys)) makeOwned(keys, owner);
    return;
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  try {
    // Node's permissions are for folders that are there.
    for (const own of [settings.ledgerFolder, ...keyFolders(settings)])
      mkdirSync(own, { recursive: true, mode: 0o700 });
  } catch {
    // The card process says what is wrong with it, and takes no money.
  }
}

function keyFolders({ kekFile, fingerprintKeyFile }: CardSettings): string[] {
  return [kekFile, fingerprintKeyFile].flatMap((file) => (file === undefined ? [] : [dirname(file)]));
}

/**
 * A folder of the owner's. What is there already is left as it is: giving files away in a folder that another user
 * writes would follow that user's links.
 */
function makeOwned(folder: string, { uid, gid }: CardOwner): void {
  if (!existsSync(folder)) {
    mkdirSync(folder, { mode: 0o700 });
    chownSync(folder, uid, gid);
    return;
  }
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== uid)
    throw new Error(`${folder} isn't a folder of user ${uid}, as which the card process runs: chown -R it`);
}

function writeSettings(settings: CardSettings, owner: CardOwner | undefined): string {
  const file = settingsFile(settings);
  // Whole or not at all: a card process may be started by hand at this moment.
  writeFileSync(`${file}.new`, asText(settings), { mode: owner ? 0o640 : 0o600 });
  if (owner) chownSync(`${file}.new`, process.getuid?.() ?? 0, owner.gid);
  renameSync(`${file}.new`, file);
  return file;
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
  const file = settingsFile(settings);
  const named = namedFiles(settings);
  const reads = [
    ...[source, join(root, 'media-server'), join(root, 'node_modules'), dirname(entry)].flatMap((folder) => [
      folder,
      real(folder),
    ]),
    ...[...own, ...named, file],
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
