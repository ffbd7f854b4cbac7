// The demo's process: `node demo/main.ts <settings.json>`. Writes one line of JSON to standard output when it is ready;
// logs go to standard error. SIGTERM and SIGINT end it.
import process from 'node:process';
import { systemClock } from '../shared/clock.ts';
import { createLogger } from '../shared/logger.ts';
import { startDemo } from './demo.ts';
import { DemoSettingsError, readDemoSettings } from './settings.ts';

async function main(): Promise<void> {
  const file = process.argv[2];
  if (file === undefined) throw new DemoSettingsError('usage: node demo/main.ts <settings.json>');
  const settings = readDemoSettings(file);
  const log = createLogger(settings.logLevel, process.stderr);
  const demo = await startDemo(settings, systemClock, log);
  const end = () => {
    log.info('the demo ends');
    void demo.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  const { port, sipPort } = demo;
  process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid, port, sipPort })}\n`);
}

main().catch((cause: Error) => {
  process.stderr.write(
    `The demo can't start: ${cause instanceof DemoSettingsError ? cause.message : (cause.stack ?? cause.message)}\n`,
  );
  process.exit(1);
});
