import { parentPort, threadId, workerData } from 'node:worker_threads';
import { systemClock } from '../shared/clock.ts';
import { type Id } from '../shared/ids.ts';
import { createLogger } from '../shared/logger.ts';
import { type BrandLengths } from './dialogue/dialogue.ts';
import { PortPool } from './gate/port-pool.ts';
import { Ticker } from './gate/ticker.ts';
import { type CreateGate, Leg, type LegEnvironment } from './leg.ts';
import { loadPrompts } from './prompts/prompts.ts';
import { type LegCommand, type ThreadStart, type ToThread } from './threads.ts';

/** How often each leg's counts are reported, ms. */
const QUALITY_EVERY_MS = 5000;

/**
 * What a worker thread of the card process does: it holds the legs that the main thread gives it.
 *
 * @param createGate makes the gate of each leg
 */
export function serveLegs(createGate: CreateGate): void {
  if (!parentPort) throw new Error('this file is a worker thread of the card process');
  const main = parentPort;
  const { settings, index } = workerData as ThreadStart;
  const log = createLogger(settings.logLevel).child({ thread: threadId });
  const legs = new Map<Id, Leg>();
  /** Which leg a payment is on. */
  const legOfPayment = new Map<Id, Leg>();

  const prompts = loadPrompts();
  const environment: LegEnvironment = {
    settings,
    portPool: new PortPool({ ...settings.rtpPorts, share: { index, of: settings.threads } }),
    ticker: new Ticker(systemClock),
    clock: systemClock,
    log,
    prompts,
    createGate,
    post: (message, transfer = []) => main.postMessage(message, transfer),
  };

  main.on('message', (message: ToThread) => {
    switch (message.kind) {
      case 'command':
        return take(message.command, message.lengths);
      case 'alone':
        // A leg that has no payment leaves the map meanwhile, which a Map's iteration allows.
        for (const leg of legs.values()) leg.alone();
        return;
      case 'prompt':
        return takePrompt(message);
      case 'forget-prompts':
        return prompts.forget();
      case 'released':
      case 'not-taken': {
        const leg = legOfPayment.get(message.payment);
        legOfPayment.delete(message.payment);
        if (message.kind === 'released') leg?.released();
        else leg?.notTaken();
        return;
      }
    }
    const payment = legOfPayment.get(message.payment)?.payment;
    switch (message.kind) {
      case 'taken':
        return payment?.taken();
      case 'authorized':
        return payment?.authorized(message.result);
      case 'told':
        return payment?.told(message.written);
    }
  });

  function takePrompt({ merchant, language, name, ulaw }: Extract<ToThread, { kind: 'prompt' }>): void {
    if (!ulaw) return prompts.drop(merchant, language, name);
    const put = prompts.put(merchant, language, name, ulaw);
    // Each thread has the same prompts, so one of them answers.
    if (put.ok || index !== 0) return;
    environment.post({ kind: 'say', message: { type: 'refused', command: 'prompt-put', why: put.error } });
  }

  function take(command: LegCommand, lengths?: BrandLengths): void {
    if (command.type === 'leg-open') {
      const leg: Leg = new Leg(command, environment, () => legs.delete(command.leg));
      legs.set(command.leg, leg);
      void leg.start();
      return;
    }
    if (!('leg' in command)) {
      legOfPayment.get(command.payment)?.command(command);
      return;
    }
    const leg = legs.get(command.leg);
    if (command.type === 'payment-open' && leg) legOfPayment.set(command.payment, leg);
    leg?.command(command, lengths);
  }

  setInterval(() => {
    for (const leg of legs.values()) leg.quality();
  }, QUALITY_EVERY_MS);

  // The last that this thread does: the main thread ends the process when it hears of it.
  process.on('uncaughtExceptionMonitor', () => {
    for (const leg of legs.values()) leg.wipe();
  });
}
