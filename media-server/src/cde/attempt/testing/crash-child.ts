import { subscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { type Clock, systemClock } from '../../../shared/clock.ts';
import { createLogger } from '../../../shared/logger.ts';
import type { MoneyCommand } from '../../contract.ts';
import { type CardDigits, type CardRequest, type Gateway } from '../../gateways/gateway.ts';
import { gatewayFromFiles } from '../../gateways/kinds.ts';
import type { CardSettings } from '../../settings.ts';
import { GatewayBook } from '../gateway-book.ts';
import { Ledger } from '../ledger.ts';
import { type PaymentMeta, Payments } from '../payments.ts';

/**
 * One life of a card process as far as money goes, for the crash tests: takes a payment, tells it, and goes on until
 * nothing hangs; or dies by SIGKILL at the point that it is given. What it says to the outside is one JSON line each.
 */
export interface ChildOrders {
  readonly settings: Pick<
    CardSettings,
    'ledgerFolder' | 'gateway' | 'lookupDelaysMs' | 'reverseAfterMs' | 'absentAgainAfterMs'
  >;
  readonly meta: PaymentMeta;
  /** Absent: recover only. Digits as they are keyed. */
  readonly card?: readonly number[];
  /** Whether an approval is told. */
  readonly tells: boolean;
  /**
   * One of the engine's own points, or: `mid-body` (half of the request is with the kernel), `executed` (the gateway has
   * it, and hasn't answered), `reply-in-socket` (its answer has begun to arrive), `reversal-sent` (asked, not answered).
   */
  readonly dieAt?: string;
  /** What is done with the money after it was told; then `dieAt` counts from here on. */
  readonly action?: MoneyCommand;
  /** How far the wall clock of this life is off, ms. */
  readonly clockShiftMs?: number;
}

const orders = JSON.parse(process.argv[2] ?? '') as ChildOrders;
const { settings, meta, card, tells, dieAt, action, clockShiftMs = 0 } = orders;
const say = (what: unknown) => process.stdout.write(`${JSON.stringify(what)}\n`);
const die = () => process.kill(process.pid, 'SIGKILL');
const clock: Clock = { ...systemClock, now: () => systemClock.now() + clockShiftMs };
let armed = action === undefined;

const gateway = gatewayFromFiles(settings.gateway);
const payments = new Payments({
  ledger: await Ledger.open(settings.ledgerFolder),
  gateways: new GatewayBook(dieAt === 'mid-body' ? halfSending(gateway) : gateway),
  rules: settings,
  timeoutMs: settings.gateway.timeoutMs,
  clock,
  logger: createLogger('trace', process.stderr),
  witness: (point) => {
    if (!armed) return;
    if (point === dieAt) die();
    if (point === 'released' && dieAt === 'executed') void dieOnceExecuted();
    if (point === 'asking-reverse' && dieAt === 'reversal-sent') setTimeout(die, 150);
  },
});
if (dieAt === 'reply-in-socket') {
  subscribe('http.client.response.finish', () => {
    if (armed) die();
  });
}

payments.onSettled((payment, { outcome }) => void tell(payment, outcome));
await payments.start();
// As a server does that finds a card process: it asks, and tells.
for (const { payment, result } of await payments.list())
  if (result.outcome === 'approved') await tell(payment, 'approved');
if (card) {
  const opened = await payments.open(meta);
  if (!opened.ok) throw new Error(opened.error);
  const fields = { number: Buffer.from(card), expiry: Buffer.from([1, 2, 3, 0]), securityCode: Buffer.from([9, 8, 7]) };
  const { outcome } = await payments.authorize(meta, { ...fields, brand: 'visa' });
  await tell(meta.payment, outcome);
  if (action) {
    armed = true;
    const done = await payments.money(action);
    say({ at: 'acted', outcome: done.ok ? done.value.outcome : done.error });
  }
}
while (await hangs()) await new Promise((resolve) => setTimeout(resolve, 20));
say({ at: 'end', ...(await payments.state(meta.payment)) });
if (action) say({ at: 'end-of-action', ...(await payments.state(action.payment)) });
await payments.close();

/** Whether something will still happen to the payment or its action. */
async function hangs(): Promise<boolean> {
  const [paid, acted] = [await payments.state(meta.payment), action && (await payments.state(action.payment))];
  if (acted?.result.outcome === 'unknown') return true;
  if (paid?.result.outcome === 'unknown') return true;
  // Told it stays; untold it is on its way back, unless it is a stored card.
  return paid?.result.outcome === 'approved' && !paid.told && (tells || meta.purpose !== 'card-update');
}

async function tell(
  payment: string,
  outcome: 'approved' | 'declined' | 'cancelled' | 'failed' | 'unknown',
): Promise<void> {
  if (payment !== meta.payment) return;
  if (outcome !== 'approved') say({ at: 'said', outcome });
  else if (tells && (await payments.told(payment, 'approved'))) say({ at: 'said', outcome });
}

async function dieOnceExecuted(): Promise<void> {
  const [hanging] = (await readName()).toReversed();
  if (!hanging) throw new Error('nothing was asked');
  while ((await gateway.lookUp(hanging, 1000)).is === 'absent');
  die();
}

/** The name of what was just asked, as another reader of the ledger sees it. */
async function readName() {
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(`${settings.ledgerFolder}/ledger.sqlite`, { readOnly: true });
  const rows = db.prepare('SELECT gateway_reference, purpose FROM attempts ORDER BY rowid').all();
  db.close();
  return rows.map((row) => ({
    reference: String(row['gateway_reference']),
    purpose: row['purpose'] as CardRequest['purpose'],
    order: meta.order,
  }));
}

/** The gateway, but of a card's request only the head and half of the body leave; then the process is gone. */
function halfSending(whole: Gateway): Gateway {
  return Object.assign(Object.create(whole) as Gateway, {
    name: whole.name,
    abilities: whole.abilities,
    authorize: async ({ reference, purpose, order }: CardRequest, { number }: CardDigits) => {
      if (settings.gateway.kind !== 'sandbox') throw new Error('only for the sandbox');
      const { url, caFile, keyFile } = settings.gateway;
      const { hostname, port } = new URL(url);
      const body = JSON.stringify({ purpose, amountMinor: order.amountMinor, card: { number: number.join('') } });
      const socket = connect(
        { host: hostname, port: Number(port), ca: readFileSync(caFile), servername: hostname },
        () => {
          const head = [
            `PUT /v1/attempts/${reference} HTTP/1.1`,
            `host: ${hostname}`,
            `authorization: Bearer ${readFileSync(keyFile, 'utf8').trim()}`,
            'content-type: application/json',
            'content-length: 500',
          ].join('\r\n');
          socket.write(`${head}\r\n\r\n${body}`, die);
        },
      );
      return new Promise<never>(() => {});
    },
  });
}
