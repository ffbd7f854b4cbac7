// The card process on a host of its own: `npm run card -- settings.json`. It is started under the same confinement as by
// a server, logs to standard output, and ends with the card process's own code: starting it again is for a supervisor.
// SIGTERM (and Ctrl-C): no new payments, running ones finish. SIGHUP: certificates are read anew.
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { readCardHostSettings } from './card-host-settings.ts';
import { startInFront } from './card-link/launch.ts';
import { cardOwner } from './card-settings.ts';
import { SettingsError } from './settings.ts';

const EXIT_SETTINGS = 78;
const file = process.argv[2];
if (file === undefined) {
  process.stderr.write('usage: npm run card -- settings.json\n');
  process.exit(64);
}
try {
  const { settings, folders, user } = readCardHostSettings(file);
  const owner = cardOwner(user, folders.folder);
  if (user !== undefined && !owner)
    process.stderr.write('tonegate: user is set, but only root can start the card process as another user\n');
  const child = startInFront(settings, fileURLToPath(new URL('cde/main.ts', import.meta.url)), owner);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGINT', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGHUP'));
  child.on('exit', (code) => process.exit(code ?? 1));
} catch (cause) {
  const error = cause as Error;
  process.stderr.write(
    `tonegate: ${error instanceof SettingsError ? error.message : (error.stack ?? error.message)}\n`,
  );
  process.exit(EXIT_SETTINGS);
}
