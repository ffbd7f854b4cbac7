// The SIP server in a process of its own, which says on request how long its event loop stood still since it was last asked.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import { startAnsweringServer } from '../../tests/sip/peers/answering-server.ts';

const { server } = await startAnsweringServer({
  answerMs: 100,
  // The rate limit would keep most of the flood from the parser.
  settings: { limits: { perSourcePerSecond: 100_000 } },
  policy: { allowAnonymous: () => false },
});
const RESOLUTION_MS = 1;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
let counted = { received: 0, limited: 0 };
/** Beyond the timer's own millisecond. */
const ms = (nanoseconds: number) => Math.max(0, Math.round((nanoseconds / 1e6 - RESOLUTION_MS) * 10) / 10);

process.on('message', () => {
  const { received, limited } = server.counts;
  process.send?.({
    parsed: received - limited - (counted.received - counted.limited),
    p50: ms(delay.percentile(50)),
    p99: ms(delay.percentile(99)),
    max: ms(delay.max),
  });
  counted = { received, limited };
  delay.reset();
});
process.send?.({ port: server.ports.udp });
