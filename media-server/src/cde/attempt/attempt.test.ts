import { expect, test } from 'vitest';
import {
  type AttemptInput,
  type AttemptRules,
  type AttemptState,
  intend,
  isOver,
  LIVE_PHASES,
  PHASES,
  resultOf,
  step,
} from './attempt.ts';

const RULES: AttemptRules = {
  lookupDelaysMs: [2000, 5000, 15_000],
  reverseAfterMs: 600_000,
  absentAgainAfterMs: 120_000,
};
const APPROVED = { is: 'approved', receipt: 'TAB', brand: 'visa', lastFour: '4242' } as const;

/** Feeds inputs at times and gives the last state, what was put out on the way, and the next. */
function run(...inputs: [number, AttemptInput][]) {
  let state = intend('charge', 0);
  const outputs: string[] = [];
  for (const [now, input] of inputs) {
    const next = step(state, input, now, RULES);
    state = next.state;
    outputs.push(...next.outputs.map((output) => output.do));
  }
  return { state, outputs };
}
const send: [number, AttemptInput] = [0, { type: 'send' }];
const lost: [number, AttemptInput] = [1000, { type: 'answer', answer: { is: 'unknown' } }];
const found = (now: number, is: 'absent' | 'pending' | 'no-answer' | 'reversed'): [number, AttemptInput] => [
  now,
  { type: 'found', found: { is } },
];
const wake = (now: number): [number, AttemptInput] => [now, { type: 'wake' }];

test('an approval is reported once, with brand, last four digits and receipt', () => {
  const { state, outputs } = run(
    send,
    [900, { type: 'answer', answer: APPROVED }],
    [950, { type: 'answer', answer: APPROVED }],
  );
  expect(outputs).toEqual(['send', 'report']);
  expect(resultOf(state)).toEqual({
    outcome: 'approved',
    reason: 'none',
    brand: 'visa',
    lastFour: '4242',
    receipt: 'TAB',
  });
});

test('a decline carries its reason and nothing of the card', () => {
  const { state } = run(send, [900, { type: 'answer', answer: { is: 'declined', reason: 'funds' } }]);
  expect(resultOf(state)).toEqual({ outcome: 'declined', reason: 'funds' });
  expect(isOver(state.phase)).toBe(true);
});

test('an unknown result is looked up at once, and reported as unknown meanwhile', () => {
  const { state, outputs } = run(send, lost);
  expect(outputs).toEqual(['send', 'report', 'look-up']);
  expect(resultOf(state)).toEqual({ outcome: 'unknown', reason: 'no-answer' });
});

test('look-ups without an answer come at the given delays and end with a person', () => {
  const { state, outputs } = run(
    send,
    lost,
    found(1000, 'no-answer'),
    wake(3000),
    found(3000, 'no-answer'),
    wake(8000),
    found(8000, 'no-answer'),
    wake(22_999),
    wake(23_000),
    found(23_000, 'no-answer'),
  );
  expect(outputs.filter((output) => output === 'look-up')).toHaveLength(4);
  expect(state.phase).toBe('manual');
  expect(resultOf(state).outcome).toBe('unknown');
});

test('absent counts only when it was found twice, far enough apart', () => {
  const soon = run(send, lost, found(1000, 'absent'), wake(3000), found(3000, 'absent'));
  expect(soon.state.phase).toBe('unknown');
  const late = run(
    send,
    lost,
    found(1000, 'absent'),
    wake(3000),
    found(3000, 'absent'),
    wake(121_000),
    found(121_000, 'absent'),
  );
  expect(late.state.phase).toBe('not-executed');
  expect(resultOf(late.state)).toEqual({ outcome: 'failed', reason: 'no-answer' });
});

test('an attempt that shows up in between takes the first absence back', () => {
  const { state } = run(
    send,
    lost,
    found(1000, 'absent'),
    wake(3000),
    found(3000, 'pending'),
    wake(8000),
    found(121_500, 'absent'),
  );
  expect(state.phase).toBe('unknown');
});

test('when the delays run out after one absence, one more look-up is made when the second would count', () => {
  const { state } = run(
    send,
    lost,
    found(1000, 'absent'),
    wake(3000),
    found(3000, 'absent'),
    wake(8000),
    found(8000, 'absent'),
    wake(23_000),
    found(23_000, 'absent'),
  );
  expect(state).toMatchObject({ phase: 'unknown', wakeAt: 121_000 });
});

test('a clock that went back makes no absence older', () => {
  const { state } = run(send, lost, found(500_000, 'absent'), found(10_000, 'absent'), found(120_000, 'absent'));
  expect(state.phase).toBe('unknown');
  expect(state.absentSince).toBe(10_000);
});

test('an absence whose answer had to wait for the disk is no older for it', () => {
  const waited: AttemptInput = { type: 'found', found: { is: 'absent' }, askedAt: 3000 };
  const { state } = run(send, lost, found(1000, 'absent'), wake(3000), [200_000, waited]);
  expect(state.phase).toBe('unknown');
  const asked: AttemptInput = { ...waited, askedAt: 121_000 };
  expect(step(state, asked, 300_000, RULES).state.phase).toBe('not-executed');
});

test('money that moved and that nobody was told of is given back, and the result becomes failed', () => {
  const { state, outputs } = run(send, lost, [1500, { type: 'found', found: APPROVED }], wake(601_499), wake(601_500), [
    601_600,
    { type: 'reversal', reversal: 'reversed' },
  ]);
  expect(outputs).toEqual(['send', 'report', 'look-up', 'report', 'reverse', 'report']);
  expect(resultOf(state)).toEqual({ outcome: 'failed', reason: 'no-answer' });
});

test('money is never given back once somebody was told', () => {
  const { state, outputs } = run(
    send,
    [900, { type: 'answer', answer: APPROVED }],
    [950, { type: 'told' }],
    wake(10 ** 9),
    [10 ** 9, { type: 'recovered' }],
  );
  expect(state.phase).toBe('told');
  expect(outputs).not.toContain('reverse');
});

test('nobody can be told "approved" any more once the money was asked back, in any later life', () => {
  let { state } = run(send, [900, { type: 'answer', answer: APPROVED }], wake(600_900));
  const inputs: AttemptInput[] = [
    { type: 'told' },
    { type: 'reversal', reversal: 'no-answer' },
    { type: 'recovered' },
    { type: 'found', found: APPROVED },
    { type: 'told' },
  ];
  for (const input of inputs) {
    ({ state } = step(state, input, 700_000, RULES));
    expect(resultOf(state).outcome).toBe('unknown');
  }
  expect(state.phase).toBe('reversing');
});

test('a reversal without an answer is looked up before it is asked for again', () => {
  const { state, outputs } = run(
    send,
    [900, { type: 'answer', answer: APPROVED }] as [number, AttemptInput],
    wake(600_900),
    [601_000, { type: 'reversal', reversal: 'no-answer' }],
    wake(603_000),
    found(603_100, 'reversed'),
  );
  expect(outputs.slice(-3)).toEqual(['reverse', 'look-up', 'report']);
  expect(state.phase).toBe('reversed');
});

test('an intent that never became a request is proven absent by one look-up after a restart', () => {
  const { state, outputs } = run([500, { type: 'recovered' }], found(600, 'absent'));
  expect(outputs).toEqual(['look-up', 'report']);
  expect(resultOf(state)).toEqual({ outcome: 'failed', reason: 'card-process-ended' });
});

test('after a restart a sent request is looked up, never sent', () => {
  const { outputs } = run(send, [500, { type: 'recovered' }], [600, { type: 'send' }]);
  expect(outputs).toEqual(['send', 'look-up']);
});

test('after a restart an untold approval gets its whole time to be told', () => {
  const { state } = run(send, [900, { type: 'answer', answer: APPROVED }], [10 ** 7, { type: 'recovered' }]);
  expect(state).toMatchObject({ phase: 'approved', wakeAt: 10 ** 7 + RULES.reverseAfterMs });
});

test('what is over stays as it is, whatever comes', () => {
  const inputs: AttemptInput[] = [
    { type: 'send' },
    { type: 'answer', answer: APPROVED },
    { type: 'found', found: APPROVED },
    { type: 'reversal', reversal: 'reversed' },
    { type: 'told' },
    { type: 'wake' },
    { type: 'recovered' },
    { type: 'abandoned', reason: 'ledger-unavailable' },
  ];
  for (const phase of PHASES.filter(isOver)) {
    const state: AttemptState = { ...intend('charge', 0), phase, sentAt: 0 };
    for (const input of inputs) expect(step(state, input, 10 ** 9, RULES)).toEqual({ state, outputs: [] });
  }
});

test('every phase is either live or over', () => {
  for (const phase of PHASES) expect(isOver(phase)).toBe(!(LIVE_PHASES as readonly string[]).includes(phase));
});
