import type { AddressInfo } from 'node:net';
import { systemClock } from '../shared/clock.ts';
import { createLogger } from '../shared/logger.ts';
import { sandboxServer } from './server.ts';
import { readSandboxSettings } from './settings.ts';

/**
 * `node sandbox/main.ts <settings.json>`: runs the practice payment service until SIGTERM or SIGINT. When it listens it
 * logs `sandbox ready` with `port`.
 */
const [file] = process.argv.slice(2);
if (!file) {
  process.stderr.write('usage: node sandbox/main.ts <settings.json>\n');
  process.exit(2);
}

try {
  const settings = readSandboxSettings(file);
  const logger = createLogger(settings.logLevel);
  const server = sandboxServer(settings, systemClock, logger);
  await server.listen({ host: settings.host, port: settings.port }).catch((cause: NodeJS.ErrnoException) => {
    const { host, port } = settings;
    throw new Error(`port ${port} (setting port) can't be taken on ${host}: ${cause.code ?? cause.message}`);
  });
  const end = () => {
    logger.info('sandbox ends');
    // What is answered slowly or never is cut off: its books are written.
    void server.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  logger.info({ host: settings.host, port: (server.server.address() as AddressInfo).port }, 'sandbox ready');
} catch (error) {
  process.stderr.write(`The sandbox can't start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
