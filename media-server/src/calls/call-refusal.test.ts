import { expect, test } from 'vitest';
import { type CallState, newCall } from './call.ts';
import { agentRefusal, type PaymentChance, paymentRefusal } from './call-refusal.ts';

const talking = (over: Partial<CallState> = {}): CallState => ({
  ...newCall('in'),
  customer: 'up',
  agent: 'up',
  ...over,
});
const GOOD: PaymentChance = { cardProcessUp: true, closed: undefined, keysImpossible: false };

test('in a call with both sides there an agent may do everything; without one, in a payment, or after its end nothing', () => {
  expect(agentRefusal(talking())).toBeUndefined();
  expect(agentRefusal(talking({ hold: true }))).toBeUndefined();
  expect(agentRefusal(talking({ agent: 'lost' }))?.code).toBe('call-not-answered');
  expect(agentRefusal(talking({ customer: 'early' }))?.code).toBe('call-not-answered');
  expect(agentRefusal(talking({ payment: true }))?.code).toBe('already-in-payment');
  expect(agentRefusal(talking({ end: 'customer-hung-up' }))?.code).toBe('call-ended');
});

test('a payment is refused in words of their own while the card process is down, the wall isn’t proven, or keys can’t come', () => {
  expect(paymentRefusal(talking(), GOOD)).toBeUndefined();
  const refused = (chance: Partial<PaymentChance>) => paymentRefusal(talking(), { ...GOOD, ...chance });
  expect(refused({ cardProcessUp: false })?.code).toBe('card-process-down');
  const [unproven, closed] = [refused({ closed: 'unproven' }), refused({ closed: 'closed' })];
  expect([unproven?.code, closed?.code]).toEqual(['payments-closed', 'payments-closed']);
  expect(unproven?.message).not.toBe(closed?.message);
  expect(refused({ keysImpossible: true })?.code).toBe('keys-impossible');
  // What is wrong with the call comes first.
  expect(paymentRefusal(talking({ payment: true }), { ...GOOD, cardProcessUp: false })?.code).toBe(
    'already-in-payment',
  );
});
