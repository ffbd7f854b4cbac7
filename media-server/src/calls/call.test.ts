import { expect, test } from 'vitest';
import { type CallInput, type CallState, newCall, sounding, stepCall } from './call.ts';

function talking(direction: 'in' | 'out' = 'in'): CallState {
  const call = newCall(direction);
  stepCall(call, { type: 'agents-ringing' });
  stepCall(call, { type: 'agent-up' });
  stepCall(call, { type: 'customer-up' });
  return call;
}

function types(call: CallState, input: CallInput): string[] {
  return stepCall(call, input).map(({ type }) => type);
}

test('two who are both there hear each other', () => {
  expect(sounding(talking())).toEqual({ wall: 'open', sound: undefined });
});

test('an agent who answers makes the server answer the customer', () => {
  const call = newCall('in');
  expect(types(call, { type: 'agent-up' })).toEqual(['answer-customer']);
});

test('hold shuts the wall and plays music', () => {
  const call = talking();
  stepCall(call, { type: 'hold', on: true });
  expect(sounding(call)).toEqual({ wall: 'shut', sound: 'hold-music' });
});

test('in a payment the wall is shut and nothing of ours is played over the guide', () => {
  const call = talking();
  stepCall(call, { type: 'hold', on: true });
  stepCall(call, { type: 'payment', active: true });
  expect(sounding(call)).toEqual({ wall: 'shut', sound: undefined });
  expect(call.hold).toBe(false);
});

test('a window that is gone is awaited, and the customer hears music meanwhile', () => {
  const call = talking();
  expect(types(call, { type: 'agent-lost' })).toEqual(['await-agent']);
  expect(sounding(call)).toEqual({ wall: 'shut', sound: 'hold-music' });
  stepCall(call, { type: 'agent-up' });
  expect(sounding(call).wall).toBe('open');
});

test('an agent who is gone in a payment: it finishes, then the call looks for another agent', () => {
  const call = talking();
  stepCall(call, { type: 'payment', active: true });
  stepCall(call, { type: 'agent-lost' });
  expect(types(call, { type: 'agent-given-up' })).toEqual([]);
  expect(types(call, { type: 'payment', active: false })).toEqual(['ring-agents']);
});

test('nobody there: words when set so, busy else', () => {
  const words = newCall('in');
  expect(types(words, { type: 'nobody', announce: true })).toContain('answer-customer');
  stepCall(words, { type: 'customer-up' });
  expect(sounding(words).sound).toBe('nobody-here');
  expect(types(words, { type: 'announced' })).toContain('end-customer');
  expect(types(newCall('in'), { type: 'nobody', announce: false })).toContain('refuse-customer');
});

test('a carrier that speaks before the answer is heard by the agent', () => {
  const call = newCall('out');
  stepCall(call, { type: 'agent-up' });
  expect(sounding(call).wall).toBe('shut');
  stepCall(call, { type: 'customer-early' });
  expect(sounding(call).wall).toBe('open');
});

test('whatever comes in whatever order: open only when both are there, and no payment, hold or end', () => {
  const inputs: CallInput[] = [
    { type: 'customer-early' },
    { type: 'customer-up' },
    { type: 'customer-gone', end: 'customer-hung-up' },
    { type: 'agents-ringing' },
    { type: 'agent-up' },
    { type: 'agent-lost' },
    { type: 'agent-hung-up' },
    { type: 'agent-given-up' },
    { type: 'nobody', announce: true },
    { type: 'nobody', announce: false },
    { type: 'announced' },
    { type: 'hold', on: true },
    { type: 'hold', on: false },
    { type: 'payment', active: true },
    { type: 'payment', active: false },
    { type: 'end', end: 'server-ended' },
  ];
  for (let seed = 1; seed <= 5000; seed++) {
    let random = seed;
    const call = newCall(seed % 2 ? 'in' : 'out');
    let ends = 0;
    for (let i = 0; i < 30; i++) {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
      const input = inputs[(random >>> 8) % inputs.length] as CallInput;
      ends += stepCall(call, input).filter(({ type }) => type === 'ended').length;
      if (sounding(call).wall === 'open') {
        expect([call.agent, call.hold, call.payment, call.end], `seed ${seed}`).toEqual([
          'up',
          false,
          false,
          undefined,
        ]);
        expect(['early', 'up'], `seed ${seed}`).toContain(call.customer);
      }
    }
    expect(ends, `seed ${seed}`).toBeLessThanOrEqual(1);
  }
});
