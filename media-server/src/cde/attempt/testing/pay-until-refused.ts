import { type Id, newId } from '../../../shared/ids.ts';
import type { Answer } from '../../gateways/gateway.ts';
import type { Payments } from '../payments.ts';
import type { FakeGateway } from './fake-gateway.ts';

export interface PaidUntilRefused {
  /** Payments that were approved and that somebody was told of. */
  readonly told: readonly Id[];
  /** Requests that moved money. */
  readonly asked: number;
  /** Why no other payment was opened. */
  readonly refused: string;
}

/** Opens, takes and tells payments of a merchant, order after order, until one is refused. */
export async function payUntilRefused(payments: Payments, gateway: FakeGateway): Promise<PaidUntilRefused> {
  const told: Id[] = [];
  const merchant = newId();
  for (let number = 0; ; number++) {
    const order = { reference: `A-${number}`, amountMinor: 1200, currency: 'JPY' } as const;
    const meta = { payment: newId(), merchant, purpose: 'charge', order } as const;
    const opened = await payments.open(meta);
    if (!opened.ok) return { told, asked: gateway.asked.length, refused: opened.error };
    gateway.answers = [(): Answer => ({ is: 'approved', receipt: 'TAB' })];
    const { outcome } = await payments.authorize(meta, {
      number: Buffer.from([4, 2, 4, 2, 4, 2, 4, 2, 4, 2, 4, 2, 4, 2, 4, 2]),
      expiry: Buffer.from([1, 2, 3, 0]),
      securityCode: Buffer.from([1, 2, 3]),
      brand: 'visa',
    });
    if (outcome === 'approved' && (await payments.told(meta.payment, 'approved'))) told.push(meta.payment);
  }
}
