import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type CardSettings } from '../cde/settings.ts';

/** What of our environment the card process gets: nothing that could switch on a debugger or load foreign code. */
const ENVIRONMENT = ['PATH', 'LANG', 'TZ'] as const;
/**
 * No core dumps (core(5)). The size's limit of 0 counts for files, yet not where the system pipes dumps to a program: so
 * none of its memory may be in one either. Both pass to what is executed.
 */
const NO_DUMPS = 'ulimit -c 0; { echo 0 >/proc/self/coredump_filter; } 2>/dev/null';

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
  const log = openSync(settings.logFile, 'a', 0o600);
  try {
    const child = spawn(
      '/bin/sh',
      ['-c', `${NO_DUMPS}; exec "$0" "$@"`, process.execPath, '--disable-sigusr1', entry, file],
      {
        detached: true,
        cwd: folder,
        stdio: ['ignore', log, log],
        env: {
          ...Object.fromEntries(ENVIRONMENT.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
          // Compiled code of an earlier start halves the time to be back after a crash. In our own folder: nobody else's
          // code may get in by it.
          NODE_COMPILE_CACHE: join(folder, 'compiled'),
        },
      },
    );
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

function asText(settings: CardSettings): string {
  return `${JSON.stringify(settings, null, 2)}\n`;
}
