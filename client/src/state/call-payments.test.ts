import { expect, test } from 'vitest';
import { aPayment } from '../../test-server/scenes.ts';
import { ok } from '../api/result.ts';
import { CallPayments } from './call-payments.ts';

test('a call’s payments are shown, asked for anew when one of them changes, and hidden again', async () => {
  let count = 1;
  const shown = new CallPayments({
    api: { paymentsOfCall: async () => ok({ payments: Array.from({ length: count }, () => aPayment()), next: null }) },
    signedOut: () => undefined,
  });
  await shown.toggle('a');
  expect(shown.state.getState()).toMatchObject({ call: 'a', payments: [{}] });
  count = 2;
  await shown.refresh('b');
  expect(shown.state.getState().payments).toHaveLength(1);
  await shown.refresh('a');
  expect(shown.state.getState().payments).toHaveLength(2);
  await shown.toggle('a');
  expect(shown.state.getState()).toMatchObject({ call: null, payments: null });
});
