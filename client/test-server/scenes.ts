import type {
  AuditEntry,
  Call,
  Funnel,
  FunnelStep,
  ManualAttempt,
  Me,
  MerchantPrompt,
  Payment,
  ServerState,
  TrunkKeys,
} from '@tonegate/api-schema';

/** The people, calls and payments that the softphone's screens are looked at with. */

const ids = { me: 'm', organisation: 'o', merchant: 'r', call: 'c', payment: 'p' } as const;
const id = (letter: string): string => letter.repeat(26);

export const AGENT: Me = {
  id: id(ids.me),
  name: 'hanako',
  displayName: 'Yamada Hanako',
  role: 'agent',
  organisation: { id: id(ids.organisation), name: 'Sakura Contact' },
  merchants: [{ id: id(ids.merchant), name: 'Tanaka Foods', timeZone: 'Asia/Tokyo', currency: 'JPY', language: 'ja' }],
  language: 'ja',
  languages: ['en', 'ja'],
};

export const SUPERVISOR: Me = { ...AGENT, role: 'supervisor' };
export const ADMINISTRATOR: Me = { ...AGENT, role: 'administrator', displayName: 'Mori Akira' };

export function aCall(over: Partial<Call> = {}): Call {
  const now = Date.now();
  return {
    id: id(ids.call),
    direction: 'in',
    merchant: { id: id(ids.merchant), name: 'Tanaka Foods' },
    number: '0312345678',
    displayName: null,
    called: '05012345678',
    state: 'ringing',
    startedAt: now - 4_000,
    answeredAt: over.state === undefined || over.state === 'ringing' ? null : now - 161_000,
    endedAt: null,
    end: null,
    codec: 'PCMU',
    keysPossible: true,
    keys: { advice: 'sure', negotiated: true, event: 0, tone: 0, both: 0, info: 0 },
    payment: null,
    ...over,
  };
}

export function aPayment(over: Partial<Payment> = {}): Payment {
  const ended = over.outcome !== undefined && over.outcome !== null;
  return {
    id: id(ids.payment),
    call: id(ids.call),
    merchant: id(ids.merchant),
    purpose: 'charge',
    order: { reference: 'A-1042', amountMinor: 12_800, currency: 'JPY' },
    member: null,
    about: null,
    language: 'ja',
    gentle: false,
    state: ended ? 'ended' : 'running',
    wall: ended ? 'open' : 'shut',
    step: ended ? 'result' : 'card-number',
    keys: 0,
    of: null,
    mistakes: 0,
    waiting: false,
    waitingSince: null,
    speaking: false,
    declined: 0,
    cards: 1,
    outcome: null,
    reason: ended ? 'none' : null,
    brand: null,
    lastFour: null,
    receipt: null,
    startedAt: Date.now() - 38_000,
    endedAt: ended ? Date.now() : null,
    acknowledged: false,
    refundedMinor: 0,
    possible: [],
    ...over,
  };
}

/** A finished call of some while ago. */
export function anEndedCall(letter: string, over: Partial<Call> = {}): Call {
  const startedAt = Date.UTC(2026, 4, 12, 5, 30);
  return aCall({
    id: id(letter),
    state: 'ended',
    startedAt,
    answeredAt: startedAt + 8_000,
    endedAt: startedAt + 200_000,
    end: 'customer-hung-up',
    ...over,
  });
}

function aStep(step: FunnelStep['step'], reached: number, over: Partial<FunnelStep> = {}): FunnelStep {
  const left = { hungUp: 0, askedForAgent: 0, cancelledByAgent: 0, silence: 0, mistakes: 0, other: 0, ...over };
  const gone = left.hungUp + left.askedForAgent + left.cancelledByAgent + left.silence + left.mistakes + left.other;
  return { step, reached, finished: reached - gone, p50Ms: 6_200, p90Ms: 14_800, corrected: 12, ...left };
}

/** A week in which most customers who left did so at the card number. */
export function aFunnel(over: Partial<Funnel> = {}): Funnel {
  return {
    payments: 1_240,
    outcomes: { approved: 1_083, declined: 61, cancelled: 58, failed: 37, unknown: 1 },
    steps: [
      aStep('confirmation', 1_240, { hungUp: 8, askedForAgent: 10, silence: 3 }),
      aStep('card-number', 1_219, { hungUp: 21, askedForAgent: 18, cancelledByAgent: 9, silence: 14, mistakes: 12 }),
      aStep('expiry', 1_145, { askedForAgent: 2, mistakes: 3 }),
      aStep('security-code', 1_140, { hungUp: 2, mistakes: 4, silence: 1 }),
      aStep('processing', 1_133, { hungUp: 1, p50Ms: null, p90Ms: null }),
    ],
    languages: ['en', 'ja'],
    trunks: ['carrier-a', 'carrier-b'],
    ...over,
  };
}

export function aTrunk(trunk: string, verdict: TrunkKeys['verdict'], over: Partial<TrunkKeys> = {}): TrunkKeys {
  return {
    trunk,
    calls: 420,
    negotiated: 418,
    event: 390,
    tone: 0,
    both: 0,
    info: 0,
    silent: 2,
    payments: 377,
    lastCallAt: Date.UTC(2026, 4, 12, 5, 30),
    verdict,
    ...over,
  };
}

export function aPrompt(name: string, text: string, own: MerchantPrompt['own'] = null): MerchantPrompt {
  return { language: 'ja', name, text, lengthMs: 3_100, own };
}

const SOME_DAY = Date.UTC(2026, 4, 12, 5, 30);

/** One that a payment service never answered for. */
export function anAttempt(letter: string, over: Partial<ManualAttempt> = {}): ManualAttempt {
  return {
    payment: id(letter),
    merchant: id(ids.merchant),
    purpose: 'charge',
    order: { reference: 'A-1042', amountMinor: 12_800, currency: 'JPY' },
    gateway: 'gmo-openapi',
    reference: `${letter}${id('q').slice(1)}`,
    sentAt: SOME_DAY,
    since: SOME_DAY + 600_000,
    reversing: false,
    why: 'no-answer',
    ...over,
  };
}

export function anAuditEntry(number: number, over: Partial<AuditEntry> = {}): AuditEntry {
  return {
    number,
    at: SOME_DAY + number * 60_000,
    merchant: id(ids.merchant),
    actorKind: 'person',
    actor: id(ids.me),
    action: 'rules-put',
    subject: null,
    detail: { gentle: true, cards: 3 },
    ...over,
  };
}

/** A server with one line closed, a confinement that isn't in force and a change that nobody approved. */
export function aServerState(over: Partial<ServerState> = {}): ServerState {
  const calls = (['event', 'tone', 'both'] as const).map((transport) => ({
    transport,
    verdict: 'passed' as const,
    why: 'none',
  }));
  return {
    canary: {
      everyMinutes: 60,
      trunks: [
        { trunk: 'carrier-a', payments: 'open', calledAt: SOME_DAY, calls },
        {
          trunk: 'carrier-b',
          payments: 'closed',
          calledAt: SOME_DAY,
          calls: [...calls.slice(0, 1), { transport: 'tone', verdict: 'leak', why: 'gate' }, ...calls.slice(2)],
        },
        { trunk: '', payments: 'unproven', calledAt: null, calls: [] },
      ],
    },
    cardProcess: { up: true, notInForce: ['own-user', 'no-swap'] },
    scopeMap: { approved: true, changes: ['new: Media server listens on https 0.0.0.0:8443'] },
    ...over,
  };
}
