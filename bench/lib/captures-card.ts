// The card process's part of the captures, without ledger and gateway: one leg thread with a leg and a payment for each
// customer; when a payment has ended the next begins. Forked with `Opened`; tells `CardSaid`.
import process from 'node:process';
import { randomLetters } from '../../media-server/src/shared/ids.ts';
import type { CardSettings } from '../../media-server/src/cde/settings.ts';
import { goFirst } from './priority.ts';
import { type FromThread, type LegCommand, LegThreads } from '../../media-server/src/cde/threads.ts';

export interface Opened {
  /** The customers' RTP ports on loopback. */
  readonly phones: readonly number[];
  readonly firstPort: number;
}

export type CardSaid =
  /** Where customer `phone` sends to. */
  | { readonly kind: 'ready'; readonly phone: number; readonly port: number }
  | { readonly kind: 'step'; readonly phone: number; readonly step: string }
  /** Payments ended so far, CPU since the last report, and how many packets left so far off their 20 ms, by 10 µs. */
  | {
      readonly kind: 'report';
      readonly approved: number;
      readonly failed: number;
      readonly cpuMs: number;
      readonly offBy: number[];
    };

const ID_LETTERS = 26;
/** The payment service takes so long, ms. */
const SERVICE_MS = 1000;
const APPROVED = { outcome: 'approved', reason: 'none', brand: 'visa', lastFour: '4242', receipt: 'T-1' } as const;

goFirst();
const tell = (said: CardSaid) => process.send?.(said);
const phoneOfLeg = new Map<string, number>();
const legOfPayment = new Map<string, string>();
const stepOfLeg = new Map<string, string>();
const count = { approved: 0, failed: 0 };
const channel = new BroadcastChannel('captures');
let threads: LegThreads;

process.once('message', ({ phones, firstPort }: Opened) => {
  threads = new LegThreads({
    // What a leg thread reads of the settings.
    settings: {
      logLevel: 'warn',
      rtpPorts: { min: firstPort, max: firstPort + phones.length * 4 },
      threads: 1,
      dialogue: {
        firstKeyMs: 20_000,
        nextKeyMs: 10_000,
        totalMs: 600_000,
        mistakesPerField: 9,
        moreTimeMs: 60_000,
        moreTimes: 1,
      },
    } as unknown as CardSettings,
    entry: new URL('captures-thread.ts', import.meta.url),
    onMessage: (_, message) => heard(message),
    onCrash: (error) => {
      throw error;
    },
  });
  for (const [phone, port] of phones.entries()) {
    const leg = randomLetters(ID_LETTERS);
    phoneOfLeg.set(leg, phone);
    command({
      type: 'leg-open',
      leg,
      codec: 'PCMU',
      bind: '127.0.0.1',
      wall: 'shut',
      far: {
        rtp: { ip: '127.0.0.1', port },
        payloadType: 0,
        ptime: 20,
        // A third of the customers keys by tones alone.
        keysIn: phone % 3 === 1 ? [] : [{ payloadType: 101, rate: 8000 }],
        wantsSound: true,
      },
    });
  }
  let cpu = process.cpuUsage();
  process.on('message', () => channel.postMessage('ask'));
  channel.onmessage = ({ data }) => {
    if (!(data instanceof Uint32Array)) return;
    const { user, system } = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    tell({ kind: 'report', ...count, cpuMs: (user + system) / 1000, offBy: [...data] });
  };
});
process.once('disconnect', () => process.exit(0));

function command(sent: LegCommand): void {
  threads.post(0, { kind: 'command', command: sent });
}

function pay(leg: string): void {
  const payment = randomLetters(ID_LETTERS);
  legOfPayment.set(payment, leg);
  stepOfLeg.delete(leg);
  command({
    type: 'payment-open',
    payment,
    leg,
    merchant: 'm'.repeat(ID_LETTERS),
    purpose: 'charge',
    order: { reference: 'A-1042', amountMinor: 12_800, currency: 'JPY' },
    language: 'ja',
  });
  threads.post(0, { kind: 'taken', payment });
  command({ type: 'payment-begin', payment });
}

function heard(message: FromThread): void {
  if (message.kind === 'say') {
    const said = message.message;
    if (said.type === 'leg-ready') {
      tell({ kind: 'ready', phone: phoneOfLeg.get(said.leg) ?? -1, port: said.rtpPort });
      pay(said.leg);
    }
    if (said.type !== 'progress') return;
    const leg = legOfPayment.get(said.payment) ?? '';
    if (stepOfLeg.get(leg) === said.step) return;
    stepOfLeg.set(leg, said.step);
    tell({ kind: 'step', phone: phoneOfLeg.get(leg) ?? -1, step: said.step });
    return;
  }
  if (!('payment' in message)) return;
  const { payment } = message;
  if (message.kind === 'authorize') {
    for (const digits of [message.card.number, message.card.expiry, message.card.securityCode]) {
      new Uint8Array(digits).fill(0);
    }
    setTimeout(() => threads.post(0, { kind: 'authorized', payment, result: APPROVED }), SERVICE_MS);
  }
  if (message.kind === 'telling') threads.post(0, { kind: 'told', payment, written: true });
  if (message.kind !== 'ended') return;
  if (message.result.outcome === 'approved') count.approved++;
  else count.failed++;
  threads.post(0, { kind: 'released', payment });
  const leg = legOfPayment.get(payment) ?? '';
  legOfPayment.delete(payment);
  pay(leg);
}
