import { mkdirSync, readFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { dirname } from 'node:path';
import { systemClock } from '../shared/clock.ts';
import { newId } from '../shared/ids.ts';
import { createLogger } from '../shared/logger.ts';
import { GatewayBook } from './attempt/gateway-book.ts';
import { MerchantGateways } from './attempt/merchant-gateways.ts';
import { Payments } from './attempt/payments.ts';
import { CardProcess } from './card-process.ts';
import { missingConfinements, readFacts } from './confinement.ts';
import { gatewayFromFiles } from './gateways/kinds.ts';
import { CAPTURED, capturesPackets, EXIT_BUG, readStart, traceOf, whyNotTrusted } from './hardening.ts';
import { languagesIn } from './prompts/language.ts';
import { ServerLink } from './link.ts';
import { listenersOf } from './listeners.ts';
import { takeLock } from './lock.ts';
import { CardSettings } from './settings.ts';
import { LegThreads } from './threads.ts';

/** How long ledger and threads may take to end, ms. */
const END_LIMIT_MS = 5000;

/** Runs the card process to its end. `legThread`: the file that each thread of legs runs. */
export async function runCardProcess(legThread: URL): Promise<void> {
  process.title = 'tonegate-card';
  process.umask(0o077);
  // The terminal's interrupt and hang-up are the server's business; SIGUSR1 would open a debugger's port.
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR1'] as const) process.on(signal, () => {});

  const distrust = whyNotTrusted(readStart());
  if (distrust) giveUp(77, distrust);
  const settings = readSettings(process.argv[2]);
  const facts = readFacts(settings.remote ? undefined : process.ppid);
  if (settings.packetCapture !== 'report' && capturesPackets(facts.packetSockets ?? '')) giveUp(77, CAPTURED);
  mkdirSync(dirname(settings.socket), { recursive: true, mode: 0o700 });
  const releaseLock = takeLock(settings.socket);
  if (!releaseLock) giveUp(75, `another card process runs for ${settings.socket}: there is never a second one`);

  const log = createLogger(settings.logLevel);
  const unconfined = missingConfinements(facts);
  if (unconfined.length > 0) log.warn({ unconfined }, 'not everything that confines the card process is in force');

  let ready = false;

  /**
   * A bug: what its error says may quote what was keyed, so only name and place are written; the memory goes with the
   * process. Before there are legs, it is the machine or the settings, and the message is what helps.
   */
  function crash(error: unknown): never {
    if (!ready) giveUp(78, `can’t start: ${error instanceof Error ? error.message : typeof error}`);
    log.fatal(traceOf(error), 'the card process ends by a bug');
    process.exit(EXIT_BUG);
  }
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);

  const book = new GatewayBook(gatewayFromFiles(settings.gateway));
  const payments = await Payments.open(settings, systemClock, log, book);
  const gateways = MerchantGateways.open(settings, book, systemClock, log);
  await payments.start();
  const threads: LegThreads = new LegThreads({
    settings,
    entry: legThread,
    onMessage: (thread, message) => card.fromThread(thread, message),
    onCrash: crash,
  });
  const card: CardProcess = new CardProcess({
    settings,
    instance: newId(),
    clock: systemClock,
    log,
    payments,
    gateways,
    threads,
    languages: languagesIn(),
    unconfined,
    say: (message) => link.send(message),
    onEnd: () => void end(),
  });
  const link = new ServerLink({
    socket: settings.socket,
    remote: settings.remote?.listen,
    log,
    hello: () => card.hello(),
    onAttached: () => card.attached(),
    onDetached: () => card.detached(),
    onCommand: (command) => card.command(command),
  });
  process.on('SIGTERM', () => card.terminate());
  process.on('SIGHUP', () => link.reload());
  await link.listen();
  ready = true;
  const listens = listenersOf(settings);
  log.info({ pid: process.pid, threads: settings.threads, listens }, 'card process is ready');
  await card.reconsider();
  // Written now, for the next start: a process that is killed writes nothing.
  flushCompileCache();

  let ending = false;
  async function end(): Promise<void> {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(0), END_LIMIT_MS).unref();
    link.stopListening();
    await threads.close();
    await payments.close();
    gateways.close();
    log.info('card process ends: nothing is left to do');
    process.exit(0);
  }
}

function giveUp(code: number, message: string): never {
  process.stderr.write(`tonegate-card: ${message}\n`);
  process.exit(code);
}

function readSettings(file: string | undefined): CardSettings {
  if (!file) giveUp(64, 'usage: node cde/main.ts <settings.json>');
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    giveUp(78, `the settings file ${file} can’t be read as JSON`);
  }
  const settings = CardSettings.safeParse(json);
  if (settings.success) return settings.data;
  const problems = settings.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  giveUp(78, `settings in ${file} don’t fit:\n${problems.join('\n')}`);
}
