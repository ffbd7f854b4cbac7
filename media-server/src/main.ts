// The media-server's process: `node main.ts [settings.json]`. Writes one line of JSON to standard output when it is
// ready; logs go to standard error. SIGHUP reloads, SIGTERM and SIGINT drain.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { startServer } from './server.ts';
import { readSettings, SettingsError } from './settings.ts';
import { createLogger } from './shared/logger.ts';

/** How long running calls may go on after SIGTERM, ms. */
const DRAIN_LIMIT_MS = 15 * 60_000;

const file = process.argv[2];

async function main(): Promise<void> {
  const settings = readSettings(file);
  const log = createLogger(settings.logLevel, process.stderr);
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const server = await startServer({ settings, log, version });
  // A forgotten promise of one call must not end all the others; what it left undone keeps its wall shut.
  process.on('unhandledRejection', (cause) => log.error({ cause }, 'a bug: an error that nobody took'));
  let signals = 0;

  const close = async () => {
    await server.close();
    process.exit(0);
  };
  const end = async () => {
    // The second signal ends running calls, the third doesn't even wait for that.
    if (++signals > 2) process.exit(1);
    if (signals === 2) return close();
    log.info({ calls: server.calls.count }, 'draining: no new calls or payments');
    await server.drain(DRAIN_LIMIT_MS);
    if (signals === 1) await close();
  };
  process.on('SIGTERM', () => void end());
  process.on('SIGINT', () => void end());
  process.on('SIGHUP', () => {
    try {
      // A wrong file is said so and changes nothing.
      log.level = readSettings(file).logLevel;
    } catch (cause) {
      log.error({ why: (cause as Error).message }, 'not reloaded');
      return;
    }
    server.reload().then(
      () => log.info('reloaded'),
      (cause: Error) => log.error({ why: cause.message }, 'not reloaded'),
    );
  });
  process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid })}\n`);
}

main().catch((cause: Error) => {
  process.stderr.write(
    `tonegate: ${cause instanceof SettingsError ? cause.message : (cause.stack ?? cause.message)}\n`,
  );
  process.exit(1);
});
