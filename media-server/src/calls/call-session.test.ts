import type { Payment } from '@tonegate/api-schema';
import { expect, test } from 'vitest';
import type { Codec, ToCard } from '../card-link/contract.ts';
import type { AgentLeg } from '../media/agent-leg.ts';
import type { CallMedia } from '../media/call-media.ts';
import { TestClock } from '../shared/clock.ts';
import { silentLogger } from '../shared/logger.ts';
import { ok, type Result } from '../shared/result.ts';
import type { LegHandlers, Registration, Sip, SipLeg } from '../sip/leg.ts';
import { CallSession } from './call-session.ts';
import { testMerchant, testTerms } from './test-merchant.ts';

const PERSON = 'p'.repeat(26);
const COUNTS = {
  fromFar: 0,
  toSfu: 0,
  fromSfu: 0,
  toFar: 0,
  keptIn: 0,
  keptOut: 0,
  foreign: 0,
  keyEvents: 0,
  lost: 0,
  jitterMs: 0,
};
const registration: Registration = { id: 'r', user: PERSON, transport: 'wss', alive: true };
const offerOf = (address: string) =>
  `v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN ${address}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n`;
const OFFER = offerOf('IP4 192.0.2.1');

/** A call that comes in, and everything around it: what the card process was sent, the SIP legs, the media worker. */
class World {
  readonly sent: ToCard[] = [];
  readonly log: string[] = [];
  readonly call: CallSession;
  over = 0;
  /** Lets the worker answer; until then a call waits for its media. */
  worker: () => void = () => {};
  agentLegs: () => void = () => {};
  agent: LegHandlers | undefined;
  readonly #customer: LegHandlers;

  constructor(offer: string | undefined = OFFER, agentLegsWait = false) {
    const leg = (name: string): SipLeg =>
      ({
        peer: { kind: 'anonymous' },
        source: { ip: '192.0.2.1', port: 5060, transport: 'udp' },
        ...(offer !== undefined && name === 'customer' && { offer }),
        ring: () => this.log.push(`${name} rings`),
        answer: () => this.log.push(`${name} answered`),
        reject: (status: number) => this.log.push(`${name} refused ${status}`),
        end: () => this.log.push(`${name} ended`),
        reinvite: async () => ok(''),
      }) as unknown as SipLeg;
    const agentLeg = {
      stream: { codec: 'PCMU', ssrc: 1 },
      offer: () => 'offer',
      accept: async () => ok(undefined),
      close: () => this.log.push('agent leg closed'),
    } as unknown as AgentLeg;
    const media = {
      valve: 'shut' as 'shut' | 'open',
      sfu: { address: { ip: '127.0.0.1', port: 5000 }, payloadType: 0 },
      connectCustomer: async () => {},
      openAgent: async () => {
        if (agentLegsWait) await new Promise<void>((resolve) => (this.agentLegs = resolve));
        return agentLeg;
      },
      open: async () => void (media.valve = 'open'),
      shut: async () => void (media.valve = 'shut'),
      close: () => this.log.push('media closed'),
    };
    const sip = {
      callRegistration: (_id: string, { handlers }: { handlers: LegHandlers }) => {
        this.log.push('agent is rung');
        this.agent = handlers;
        return leg('agent');
      },
    } as unknown as Sip;
    this.call = new CallSession(
      'in',
      testMerchant,
      { number: null, displayName: null, called: '100' },
      {
        sip,
        link: {
          up: true,
          languages: ['en', 'ja'],
          send: (message) => {
            // As the link does: what isn't in the contract is a bug.
            if ('far' in message && message.far?.rtp?.ip.includes('%')) throw new TypeError('not in the contract');
            this.sent.push(message);
            return true;
          },
        },
        createMedia: (_codec: Codec): Promise<Result<CallMedia, 'no-worker'>> =>
          new Promise((resolve) => {
            this.worker = () => resolve(ok(media as unknown as CallMedia));
          }),
        clock: new TestClock(),
        log: silentLogger,
        bind: '127.0.0.1',
        announced: () => '127.0.0.1',
        awaitAgentMs: 1000,
        queueMs: 1000,
        nobody: 'announce',
      },
      {
        changed: () => {},
        paymentBegins: async () => true,
        paymentRefused: () => {},
        receipt: () => {},
        paymentChanged: () => {},
        agentsWanted: () => {},
        ledgerWanted: () => {},
        declined: () => {},
        agentLost: () => {},
        keyCounted: () => {},
        over: () => void this.over++,
      },
    );
    this.#customer = this.call.takeIncoming(leg('customer'));
  }

  get customer(): LegHandlers {
    return this.#customer;
  }

  types(): string[] {
    return this.sent.map(({ type }) => type);
  }

  /** Lets promises come to rest. */
  rest(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Worker and card process are ready; the call rings. */
  async rings(): Promise<void> {
    this.worker();
    await this.rest();
    this.call.heard({ type: 'leg-ready', leg: this.call.id, rtpPort: 20_000, sfuPort: 30_000, ssrc: 7 });
    await this.rest();
  }

  /** An agent has answered; both hear each other. */
  async talks(): Promise<void> {
    await this.rings();
    await this.call.ringAgent(PERSON, registration, false);
    this.agent?.established('answer');
    await this.rest();
    this.customer.established(undefined);
    await this.rest();
    this.call.heard({ type: 'wall', leg: this.call.id, state: 'open', counts: COUNTS });
  }
}

test('a caller who is gone before the media worker answered leaves no leg in the card process', async () => {
  const world = new World();
  world.customer.ended({ by: 'far', cause: 'cancelled' });
  expect(world.over).toBe(1);
  world.worker();
  await world.rest();
  expect(world.types()).not.toContain('leg-open');
  expect(world.log).toContain('media closed');
});

test('a window that was about to be rung when the call ended is not rung', async () => {
  const world = new World(OFFER, true);
  await world.rings();
  const rung = world.call.ringAgent(PERSON, registration, false);
  world.customer.ended({ by: 'far', cause: 'cancelled' });
  world.agentLegs();
  await rung;
  expect(world.log).not.toContain('agent is rung');
  expect(world.log).toContain('agent leg closed');
});

test('an address with a zone, in an offer or in the answer to ours, is none and ends nothing', async () => {
  const world = new World(offerOf('IP6 fe80::1%eth0'));
  await world.rings();
  expect(world.log).toContain('customer rings');
  const offerless = new World(undefined);
  await offerless.rings();
  offerless.call.nobody();
  offerless.customer.established(offerOf('IP6 fe80::1%eth0'));
  await offerless.rest();
  expect(offerless.call.ended).toBe(false);
  expect(offerless.call.view().answeredAt).not.toBeNull();
});

test('while a payment runs the agent cannot hang up; with its outcome they can, however long the wall stays shut', async () => {
  const world = new World();
  await world.talks();
  const started = world.call.startPayment(testTerms, {});
  await world.rest();
  const payment = world.call.payment?.id ?? '';
  world.call.heard({ type: 'wall', leg: world.call.id, state: 'shut', payment, counts: COUNTS });
  await world.rest();
  world.call.heard({ type: 'progress', payment, step: 'confirmation', keys: 0, mistakes: 0, waiting: false });
  expect(((await started) as { value: Payment }).value.state).toBe('running');
  expect(world.call.hangUp()).toMatchObject({ ok: false, error: { code: 'already-in-payment' } });
  // A key that never ends: the gate doesn't open.
  world.call.heard({ type: 'outcome', payment, outcome: 'declined', reason: 'funds' });
  expect(world.call.view().payment).toMatchObject({ outcome: 'declined', wall: 'shut' });
  expect(world.call.hangUp()).toEqual({ ok: true });
  expect(world.types().at(-1)).toBe('leg-close');
  expect([world.call.view().end, world.over]).toEqual(['agent-hung-up', 1]);
});
