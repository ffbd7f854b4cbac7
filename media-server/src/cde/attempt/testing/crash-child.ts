import { systemClock } from '../../../shared/clock.ts';
import { createLogger } from '../../../shared/logger.ts';
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
  readonly dieAt?: string;
}

const orders = JSON.parse(process.argv[2] ?? '') as ChildOrders;
const { settings, meta, card, tells, dieAt } = orders;
const say = (what: unknown) => process.stdout.write(`${JSON.stringify(what)}\n`);

const payments = new Payments({
  ledger: await Ledger.open(settings.ledgerFolder),
  gateways: new GatewayBook(gatewayFromFiles(settings.gateway)),
  rules: settings,
  timeoutMs: settings.gateway.timeoutMs,
  clock: systemClock,
  logger: createLogger('trace', process.stderr),
  witness: (point) => {
    if (point === dieAt) process.kill(process.pid, 'SIGKILL');
  },
});

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
}
for (;;) {
  const hangs = (await payments.list()).some(
    ({ told, result: { outcome } }) => outcome === 'unknown' || (outcome === 'approved' && !told),
  );
  if (!hangs) break;
  await new Promise((resolve) => setTimeout(resolve, 20));
}
say({ at: 'end', ...(await payments.state(meta.payment)) });
await payments.close();

async function tell(
  payment: string,
  outcome: 'approved' | 'declined' | 'cancelled' | 'failed' | 'unknown',
): Promise<void> {
  if (outcome !== 'approved') say({ at: 'said', outcome });
  else if (tells && (await payments.told(payment, 'approved'))) say({ at: 'said', outcome });
}
