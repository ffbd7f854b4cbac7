import { expect, test } from 'vitest';
import type { LegCounts } from '../card-link/contract.ts';
import { keySeen, newSilence, silenceFacts, wallOpen, wallShut } from './silence.ts';

function gate(over: Partial<LegCounts> = {}): LegCounts {
  const none = { fromFar: 0, toSfu: 0, fromSfu: 0, toFar: 0, keptIn: 0, keptOut: 0 };
  return { ...none, foreign: 0, keyEvents: 0, lost: 0, jitterMs: 0, ...over };
}
const sfu = (toAgent: number) => ({ fromCustomer: 9, toAgent, fromAgent: 9, toCustomer: 9 });

test('what passed is what both sides counted between shut and open', () => {
  const silence = newSilence();
  keySeen(silence, 'event');
  wallShut(silence, { gate: gate({ toSfu: 100, fromSfu: 90, keptOut: 3, keptIn: 1 }), sfu: sfu(80) }, 1000);
  for (const transport of ['event', 'both', 'event', 'tone'] as const) keySeen(silence, transport);
  wallOpen(silence, { gate: gate({ toSfu: 102, fromSfu: 190, keptOut: 99, keptIn: 61 }), sfu: sfu(81) }, 9000);
  keySeen(silence, 'event');
  expect(silenceFacts(silence)).toEqual({
    wall: { shutAt: 1000, openAt: 9000 },
    forwarded: { customerToSfu: 2, customerToAgent: 1, agentToCustomer: 4 },
    kept: { ofCustomer: 60, ofAgent: 96 },
    keys: { events: 2, tones: 1 },
  });
});

test('counters that began anew in between count from zero, and none is invented where a side was gone', () => {
  const silence = newSilence();
  wallShut(silence, { gate: gate({ toSfu: 100, keptIn: 7 }), sfu: sfu(80) }, 1000);
  wallOpen(silence, { gate: gate({ toSfu: 0, keptIn: 5 }), sfu: undefined }, 2000);
  expect(silenceFacts(silence)).toMatchObject({
    forwarded: { customerToSfu: 0, customerToAgent: null, agentToCustomer: 0 },
    kept: { ofCustomer: 5 },
  });
  expect(silenceFacts(newSilence()).forwarded).toEqual({
    customerToSfu: null,
    customerToAgent: null,
    agentToCustomer: null,
  });
});
