import { expect, test } from 'vitest';
import type { Answer, Found } from '../gateways/gateway.ts';
import {
  type AttemptInput,
  type AttemptRules,
  type AttemptState,
  type AttemptStep,
  intend,
  LIVE_PHASES,
  resultOf,
  step,
} from './attempt.ts';

/**
 * Orders × attempts × faults on the pure machine, by seed. The world around it is a gateway with books of its own, a
 * disk, a process that dies anywhere, and people who are told or not. Time is a queue of events.
 */
const RULES: AttemptRules = {
  lookupDelaysMs: [2000, 5000, 15_000, 60_000, 300_000],
  reverseAfterMs: 600_000,
  absentAgainAfterMs: 120_000,
};
/** A request that was lost on the way to us may still be carried out this long after it was sent, ms. */
const LATEST_EXECUTION_MS = 100_000;
const ATTEMPTS_PER_ORDER = 3;
const STEPS_LIMIT = 2000;

type Step = typeof step;
type Booked = { status: 'processing' | 'approved' | 'declined' | 'reversed'; captured: number; givenBack: number };

function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One order, paid for until it is approved and told or three attempts were made. Returns what went wrong. */
function payOrder(seed: number, machine: Step): string[] {
  const chance = random(seed);
  const wrong: string[] = [];
  const books: Booked[] = [];
  const told: boolean[] = [];
  const sends: number[] = [];
  const durable: AttemptState[] = [];
  /** Losing the gateway, the process and the teller, each in its own measure in this run. */
  const [silence, death, teller] = [chance() * 0.7, chance() * 0.15, chance()];
  let now = 0;
  /** What waits for its time; dies with the process where it is ours. */
  let events: { at: number; ours: boolean; do: () => void }[] = [];
  const later = (ms: number, ours: boolean, what: () => void) => events.push({ at: now + ms, ours, do: what });

  const die = () => {
    events = events.filter((event) => !event.ours);
    // The wall clock of the next life may be another.
    if (chance() < 0.1) now += Math.floor(chance() * 3_600_000);
    durable.forEach((state, attempt) => {
      if ((LIVE_PHASES as readonly string[]).includes(state.phase))
        later(1000, true, () => feed(attempt, { type: 'recovered' }));
    });
  };

  const feed = (attempt: number, input: AttemptInput) => {
    const before = durable[attempt];
    if (!before) throw new Error('no such attempt');
    const { state, outputs }: AttemptStep = machine(before, input, now, RULES);
    if (state === before) return;
    if (chance() < death) return die();
    durable[attempt] = state;
    if (state.wakeAt !== undefined) later(state.wakeAt - now, true, () => feed(attempt, { type: 'wake' }));
    if (chance() < death) return die();
    for (const output of outputs) act(attempt, output.do);
  };

  const act = (attempt: number, what: 'send' | 'look-up' | 'reverse' | 'report') => {
    const delay = Math.floor(chance() * 2000);
    if (what === 'send') {
      sends[attempt] = (sends[attempt] ?? 0) + 1;
      const answer = execute(attempt);
      if (chance() < death) return die();
      later(delay, true, () => feed(attempt, { type: 'answer', answer }));
    } else if (what === 'look-up') {
      later(delay, true, () => feed(attempt, { type: 'found', found: look(attempt) }));
    } else if (what === 'reverse') {
      const booked = books[attempt];
      const arrives = chance() > silence / 2;
      if (arrives && booked?.status === 'approved')
        Object.assign(booked, { status: 'reversed', givenBack: booked.givenBack + 1 });
      const reversal = arrives && chance() > silence ? 'reversed' : 'no-answer';
      if (chance() < death) return die();
      later(delay, true, () => feed(attempt, { type: 'reversal', reversal }));
    } else {
      const { outcome } = resultOf(durable[attempt] as AttemptState);
      if (outcome === 'approved' && chance() < teller) {
        later(Math.floor(chance() * 1_200_000), true, () => {
          feed(attempt, { type: 'told' });
          // They are told only after it is written.
          if (durable[attempt]?.phase === 'told') told[attempt] = true;
        });
      }
      if (outcome === 'declined' || outcome === 'failed') later(5000, false, again);
    }
  };

  const execute = (attempt: number): Answer => {
    const kind = chance();
    const approve = () => {
      const booked = books[attempt];
      if (booked?.status === 'approved' || booked?.status === 'reversed') booked.captured++;
      else books[attempt] = { status: 'approved', captured: 1, givenBack: 0 };
    };
    if (kind < 0.1) return { is: 'failed', reason: 'gateway-unreachable' };
    if (kind < 0.2) {
      books[attempt] = { status: 'declined', captured: 0, givenBack: 0 };
      return chance() < silence ? { is: 'unknown' } : { is: 'declined', reason: 'funds' };
    }
    if (kind < 0.3) return { is: 'unknown' };
    if (kind < 0.45) {
      // Carried out late; some of these stand in the books as being worked on meanwhile.
      if (chance() < 0.5) books[attempt] = { status: 'processing', captured: 0, givenBack: 0 };
      later(Math.floor(chance() * LATEST_EXECUTION_MS), false, approve);
      return { is: 'unknown' };
    }
    approve();
    return chance() < silence ? { is: 'unknown' } : { is: 'approved', receipt: 'TAB' };
  };

  const look = (attempt: number): Found => {
    if (chance() < silence) return { is: 'no-answer' };
    const booked = books[attempt];
    if (!booked) return { is: 'absent' };
    if (booked.status === 'processing') return { is: 'pending' };
    if (booked.status === 'approved') return { is: 'approved' };
    return booked.status === 'reversed' ? { is: 'reversed' } : { is: 'declined', reason: 'funds' };
  };

  const again = () => {
    // The ledger's unique index.
    if (durable.some((state) => (LIVE_PHASES as readonly string[]).includes(state.phase))) return;
    if (durable.some((state) => state.phase === 'told') || durable.length >= ATTEMPTS_PER_ORDER) return;
    const attempt = durable.push(intend('charge', now)) - 1;
    later(5, true, () => feed(attempt, { type: 'send' }));
    if (chance() < death) die();
  };

  again();
  for (let steps = 0; events.length > 0; steps++) {
    if (steps > STEPS_LIMIT) return [...wrong, 'never comes to rest'];
    events.sort((a, b) => a.at - b.at);
    const event = events.shift();
    if (!event) break;
    now = Math.max(now, event.at);
    event.do();
  }

  durable.forEach((state, attempt) => {
    const { captured, givenBack } = books[attempt] ?? { captured: 0, givenBack: 0 };
    const { outcome } = resultOf(state);
    if ((sends[attempt] ?? 0) > 1) wrong.push('sent twice');
    if (captured > 1) wrong.push('captured twice');
    if (told[attempt] && captured - givenBack !== 1) wrong.push('told approved without the money');
    if (state.phase !== 'manual' && outcome === 'unknown') wrong.push(`left hanging in ${state.phase}`);
    if (outcome === 'approved' && captured - givenBack !== 1) wrong.push('approved without the money');
    if ((outcome === 'failed' || outcome === 'declined') && captured - givenBack !== 0) wrong.push('money lost');
  });
  const kept = books.reduce((sum, { captured, givenBack }) => sum + captured - givenBack, 0);
  if (kept > 1) wrong.push('order paid twice');
  return wrong;
}

function simulate(orders: number, machine: Step): Map<string, number> {
  const violations = new Map<string, number>();
  for (let seed = 1; seed <= orders; seed++) {
    for (const wrong of payOrder(seed, machine)) violations.set(wrong, (violations.get(wrong) ?? 0) + 1);
  }
  return violations;
}

test('20,000 orders by seed: nothing is taken twice, lost, or told before it is written', () => {
  expect(simulate(20_000, step)).toEqual(new Map());
});

test('the simulator finds a machine that sends again after a restart', () => {
  const repeats: Step = (state, input, now, rules) =>
    input.type === 'recovered' && state.phase === 'sent'
      ? { state: { ...state, since: now }, outputs: [{ do: 'send' }] }
      : step(state, input, now, rules);
  expect(simulate(2000, repeats).get('sent twice')).toBeGreaterThan(0);
});

test('the simulator finds a machine that believes one absence', () => {
  const hasty: Step = (state, input, now, rules) => step(state, input, now, { ...rules, absentAgainAfterMs: 0 });
  const gullible: Step = (state, input, now, rules) =>
    input.type === 'found' && input.found.is === 'absent'
      ? hasty({ ...state, absentSince: now }, input, now, rules)
      : step(state, input, now, rules);
  expect(simulate(2000, gullible).get('money lost')).toBeGreaterThan(0);
});

test('the simulator finds a machine that gives back what somebody was told of', () => {
  const forgetful: Step = (state, input, now, rules) => {
    if (input.type !== 'told' || state.phase !== 'approved') return step(state, input, now, rules);
    return { state: { ...state, phase: 'told' }, outputs: [{ do: 'reverse' }] };
  };
  expect(simulate(2000, forgetful).get('told approved without the money')).toBeGreaterThan(0);
});

test('the simulator finds a machine that forgets that it asked the money back', () => {
  const forgetful: Step = (state, input, now, rules) =>
    input.type === 'reversal' && input.reversal === 'no-answer' && state.phase === 'reversing'
      ? { state: { ...state, phase: 'approved', wakeAt: now + rules.reverseAfterMs }, outputs: [{ do: 'report' }] }
      : step(state, input, now, rules);
  expect(simulate(4000, forgetful).size).toBeGreaterThan(0);
});
