// A server with one valve of the wall taken out, or both: `node <entry> <settings.json>`, as the product's own main file.
import { fileURLToPath } from 'node:url';
import { CallMedia } from '../../../media-server/src/media/call-media.ts';
import { type ServerOptions, startServer } from '../../../media-server/src/server.ts';
import { readSettings } from '../../../media-server/src/settings.ts';
import { createLogger } from '../../../media-server/src/shared/logger.ts';

/** The card process whose gates stay open. */
export const WITHOUT_GATE: Partial<ServerOptions> = {
  cardEntry: fileURLToPath(new URL('./card-without-gate.ts', import.meta.url)),
};

/** An SFU that says that it has paused everything and hasn't. */
export const WITHOUT_SFU: Partial<ServerOptions> = {
  createMedia: async (workers, codec) => {
    const created = await CallMedia.create(workers, codec);
    if (created.ok) created.value.shut = async () => {};
    return created;
  },
};

export async function runServer(valves: Partial<ServerOptions>): Promise<void> {
  const settings = readSettings(process.argv[2]);
  const log = createLogger(settings.logLevel, process.stderr);
  const server = await startServer({ settings, log, version: '0.0.0', ...valves });
  const end = () => void server.close().then(() => process.exit(0));
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid })}\n`);
}
