import type { ServerEvent } from '@tonegate/api-schema';
import { expect, test } from 'vitest';
import { aCall, anEndedCall, aPayment } from '../../test-server/scenes.ts';
import { announce } from './announcements.ts';
import { attentionOf } from './attention.ts';
import {
  applyEvent,
  type CallsState,
  currentCall,
  leaveOutcome,
  NO_CALLS,
  shownPayment,
  walledPayment,
} from './calls.ts';

const NOW = 1_800_000_000_000;

function after(...events: ServerEvent[]): CallsState {
  return events.reduce((state, event) => applyEvent(state, event, NOW), NO_CALLS);
}

const call = (over: Parameters<typeof aCall>[0] = {}): ServerEvent => ({ type: 'call', call: aCall(over) });
const snapshot = (...calls: ReturnType<typeof aCall>[]): ServerEvent => ({
  type: 'snapshot',
  state: 'ready',
  calls,
  serverTime: NOW + 500,
});

test('a snapshot is the truth: state, calls and the server’s clock', () => {
  const state = after(call({ id: 'x'.repeat(26) }), snapshot(aCall({ state: 'talking' })));
  expect(state).toMatchObject({ known: true, agent: 'ready', clockOffsetMs: 500 });
  expect(state.live.map((live) => live.state)).toEqual(['talking']);
});

test('a call goes from ringing to talking to ended, and into the last calls', () => {
  expect(currentCall(after(call()))?.state).toBe('ringing');
  expect(currentCall(after(call(), call({ state: 'talking' })))?.state).toBe('talking');
  const ended = after(call(), call({ state: 'talking' }), call({ state: 'ended', end: 'customer-hung-up' }));
  expect(currentCall(ended)).toBeNull();
  expect(ended.recent.map((recent) => recent.end)).toEqual(['customer-hung-up']);
});

test('the call that goes on comes before one that rings', () => {
  const state = after(call({ id: 'x'.repeat(26) }), call({ state: 'talking' }));
  expect(currentCall(state)?.state).toBe('talking');
});

test('after a reload the running payment is there at once, behind its wall', () => {
  const state = after(snapshot(aCall({ state: 'payment', payment: aPayment({ keys: 4 }) })));
  expect(shownPayment(state)?.keys).toBe(4);
  expect(walledPayment(state)).not.toBeNull();
});

test('an outcome stays until the agent leaves it, even after the call has ended', () => {
  const payment = aPayment({ outcome: 'approved' });
  const talking = after(call({ state: 'talking', payment }));
  expect(shownPayment(talking)?.outcome).toBe('approved');
  const ended = after(call({ state: 'talking', payment }), call({ state: 'ended', payment }));
  expect(shownPayment(ended)?.outcome).toBe('approved');
  expect(shownPayment(leaveOutcome(ended, payment.id))).toBeNull();
  expect(shownPayment(leaveOutcome(talking, payment.id))).toBeNull();
});

test('an outcome whose call ended while the server was out of reach stays too', () => {
  const payment = aPayment({ outcome: 'approved' });
  expect(shownPayment(after(call({ state: 'talking', payment }), snapshot()))?.outcome).toBe('approved');
});

test('one customer’s outcome never stands beside the next customer', () => {
  const ended = call({ state: 'ended', payment: aPayment({ outcome: 'declined' }) });
  const next = { id: 'x'.repeat(26) };
  expect(shownPayment(after(ended, call(next)))?.outcome).toBe('declined');
  expect(shownPayment(after(ended, call(next), call({ ...next, state: 'talking' })))).toBeNull();
});

test('what became of an unknown payment is shown even to an agent who had moved on', () => {
  const unknown = after(call({ state: 'ended', payment: aPayment({ outcome: 'unknown' }) }));
  const left = leaveOutcome(unknown, aPayment().id);
  expect(shownPayment(left)).toBeNull();
  const settled = applyEvent(left, call({ state: 'ended', payment: aPayment({ outcome: 'approved' }) }), NOW);
  expect(shownPayment(settled)?.outcome).toBe('approved');
});

test('an old payment that was unknown is told by itself, and shown again', () => {
  const ended = after(call({ state: 'ended', payment: aPayment({ outcome: 'unknown' }) }));
  const left = leaveOutcome(ended, aPayment().id);
  const settled = applyEvent(left, { type: 'payment', payment: aPayment({ outcome: 'approved' }) }, NOW);
  expect(shownPayment(settled)?.outcome).toBe('approved');
  expect(settled.recent[0]?.payment?.outcome).toBe('approved');
});

test('a payment of no call that the window knows changes nothing', () => {
  const state = after(call({ state: 'talking' }));
  expect(applyEvent(state, { type: 'payment', payment: aPayment({ id: 'x'.repeat(26) }) }, NOW)).toBe(state);
});

test('a card declined in mid-payment and a customer who speaks are told at once', () => {
  const before = after(call({ state: 'payment', payment: aPayment({ step: 'processing' }) }));
  const again = aPayment({ step: 'card-number', declined: 1, cards: 3, speaking: true });
  const said = announce(before, applyEvent(before, call({ state: 'payment', payment: again }), NOW));
  expect(said.map((what) => what.say)).toEqual(['card-declined', 'speaking']);
});

test('old payments in the list of last calls are history, not outcomes', () => {
  const state = { ...NO_CALLS, recent: [anEndedCall('h', { payment: aPayment({ outcome: 'approved' }) })] };
  expect(shownPayment(state)).toBeNull();
});

test('a payment is told in the order in which it happens', () => {
  const steps = [
    call(),
    call({ state: 'talking' }),
    call({ state: 'payment', payment: aPayment({ step: 'confirmation' }) }),
    call({ state: 'payment', payment: aPayment({ step: 'card-number' }) }),
    call({ state: 'payment', payment: aPayment({ step: 'card-number', keys: 5, of: 16 }) }),
    call({ state: 'payment', payment: aPayment({ step: 'card-number', mistakes: 1 }) }),
    call({ state: 'payment', payment: aPayment({ outcome: 'approved', wall: 'shut' }) }),
    call({ state: 'talking', payment: aPayment({ outcome: 'approved' }) }),
    call({ state: 'ended', payment: aPayment({ outcome: 'approved' }) }),
  ];
  let state = NO_CALLS;
  const said = steps.flatMap((event) => {
    const before = state;
    state = applyEvent(state, event, NOW);
    return announce(before, state).map((what) => what.say);
  });
  expect(said).toEqual([
    'ringing',
    'answered',
    'wall-shut',
    'step-done',
    'mistake',
    'outcome',
    'wall-open',
    'call-ended',
  ]);
});

test('a ringing call asks for attention until it is answered', () => {
  expect(attentionOf(NO_CALLS, after(call())).ringing).not.toBeNull();
  expect(attentionOf(NO_CALLS, after(call({ direction: 'out' }))).ringing).toBeNull();
  expect(attentionOf(after(call()), after(call({ state: 'talking' }))).ringing).toBeNull();
});

test('the tone for the customer’s return comes with the open wall, the end tone only after a call that stood', () => {
  const walled = after(call({ state: 'payment', payment: aPayment() }));
  const open = after(call({ state: 'talking', payment: aPayment({ outcome: 'cancelled' }) }));
  expect(attentionOf(walled, open).once).toEqual(['customer-is-back']);
  expect(attentionOf(walled, NO_CALLS).once).toEqual(['call-ended']);
  expect(attentionOf(after(call()), NO_CALLS).once).toEqual([]);
});
