import { expect, test } from 'vitest';
import type { AgentLeg } from '../media/agent-leg.ts';
import type { CallMedia } from '../media/call-media.ts';
import { TestClock } from '../shared/clock.ts';
import { silentLogger } from '../shared/logger.ts';
import { ok } from '../shared/result.ts';
import type { LegHandlers, Registration, Sip, SipLeg } from '../sip/leg.ts';
import type { Books } from './books.ts';
import { Calls } from './calls.ts';
import { testMerchant } from './test-merchant.ts';

const [HANAKO, TARO] = ['h'.repeat(26), 't'.repeat(26)];

/** Two agents with a window each, both ready, and what their windows' legs are told. */
function house() {
  const windows = new Map<string, LegHandlers>();
  const opened: string[] = [];
  const leg = { ring: () => {}, answer: () => {}, end: () => {} } as unknown as SipLeg;
  const agentLeg = { stream: {}, offer: () => '', accept: async () => ok(undefined), close: () => {} };
  const media = {
    valve: 'shut',
    sfu: { address: { ip: '127.0.0.1', port: 5000 }, payloadType: 0 },
    connectCustomer: async () => {},
    openAgent: async () => agentLeg as unknown as AgentLeg,
    open: async () => {},
    shut: async () => {},
    close: () => {},
  } as unknown as CallMedia;
  const calls = new Calls({
    parts: {
      sip: {
        callRegistration: (id: string, { handlers }: { handlers: LegHandlers }) => {
          windows.set(id, handlers);
          return leg;
        },
      } as unknown as Sip,
      link: {
        up: true,
        languages: ['en'],
        send: (message) => {
          if (message.type === 'leg-open') opened.push(message.leg);
          return true;
        },
      },
      createMedia: async () => ok(media),
      clock: new TestClock(),
      log: silentLogger,
      bind: '127.0.0.1',
      announced: () => '127.0.0.1',
      awaitAgentMs: 1000,
      queueMs: 1000,
      nobody: 'announce',
    },
    directory: {
      merchantOfNumber: () => testMerchant,
      languageOfNumber: () => undefined,
      merchant: () => testMerchant,
      personOfAccount: (user) => user,
      members: () => [HANAKO, TARO],
      outgoing: () => undefined,
    },
    books: { call: () => {}, payment: () => {}, forget: () => {} } as unknown as Books,
    limit: 10,
  });
  for (const person of [HANAKO, TARO]) {
    calls.registered({ id: person, user: person, transport: 'wss', alive: true } satisfies Registration);
    calls.setState(person, 'ready');
  }
  return { calls, windows, opened };
}

/** Lets promises come to rest. */
const rest = () => new Promise((resolve) => setImmediate(resolve));

test('an agent whom a call only rings can’t end or hold it: it may be answered by the other one', async () => {
  const { calls, windows, opened } = house();
  const offer = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';
  calls.incoming({
    peer: { kind: 'anonymous' },
    source: { ip: '192.0.2.1', port: 5060, transport: 'udp' },
    far: { user: '0901', withheld: false },
    called: { user: '100', withheld: false },
    offer,
    ring: () => {},
    answer: () => {},
    reject: () => {},
    end: () => {},
  } as unknown as SipLeg);
  await rest();
  const call = opened[0] ?? '';
  calls.heard({ type: 'leg-ready', leg: call, rtpPort: 20_000, sfuPort: 30_000, ssrc: 7 });
  await rest();
  expect([...windows.keys()]).toEqual([HANAKO, TARO]);
  expect(await calls.hangUp(HANAKO, call)).toMatchObject({ ok: false, error: { code: 'call-not-answered' } });
  expect(await calls.hold(HANAKO, call, true)).toMatchObject({ ok: false, error: { code: 'call-not-answered' } });
  windows.get(TARO)?.established('answer');
  await rest();
  expect(await calls.hangUp(HANAKO, call)).toMatchObject({ ok: false, error: { code: 'not-found' } });
  expect(calls.count).toBe(1);
  expect(await calls.hangUp(TARO, call)).toMatchObject({ ok: true, value: { end: 'agent-hung-up' } });
});
