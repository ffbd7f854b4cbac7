import { expect, test } from 'vitest';
import { startAnsweringServer } from './peers/answering-server.ts';
import { LossyRelay } from './peers/lossy-relay.ts';
import { runSipp } from './peers/sipp.ts';

const CALLS = 30;

/** The same numbers in the same order each time (a linear congruential generator), 0 ≤ x < 1. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test('with 30 % of datagrams lost each way every call of a carrier is set up and torn down', {
  timeout: 120_000,
}, async () => {
  const server = await startAnsweringServer({ answerMs: 300 });
  const relay = await LossyRelay.start(server.server.ports.udp, 0.3, seeded(4));
  try {
    const outcome = await runSipp('carrier-in', {
      remote: `127.0.0.1:${relay.port}`,
      calls: CALLS,
      rate: 10,
      timeout: 90,
      values: { MS: 8000 },
    });
    expect(outcome, outcome.errors).toMatchObject({ code: 0, ok: CALLS, failed: 0 });
    expect(outcome.retransmissions).toBeGreaterThan(0);
    expect(relay.lost / (relay.lost + relay.forwarded)).toBeCloseTo(0.3, 1);
    expect(server.calls).toHaveLength(CALLS);
    for (const call of server.calls) {
      const end = await call.ended;
      // sipp takes a repeated 200 to INVITE for the 200 to its BYE; if that BYE was lost, the call has no ACK either, and
      // is ended by our side.
      if (!call.events.includes('established'))
        expect(['far hung-up', 'us protocol']).toContain(`${end.by} ${end.cause}`);
      else expect(end).toEqual({ by: 'far', cause: 'hung-up' });
    }
  } finally {
    relay.close();
    await server.close();
  }
});
