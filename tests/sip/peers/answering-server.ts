import { systemClock } from '../../../media-server/src/shared/clock.ts';
import { silentLogger } from '../../../media-server/src/shared/logger.ts';
import { ok } from '../../../media-server/src/shared/result.ts';
import { ha1 } from '../../../media-server/src/sip/digest/hash.ts';
import type { LegEnd, LegHandlers, Registration, SipLeg, SipPolicy } from '../../../media-server/src/sip/leg.ts';
import { SipSettings } from '../../../media-server/src/sip/settings.ts';
import { SipServer } from '../../../media-server/src/sip/sip-server.ts';
import type { TlsFiles } from '../../../media-server/src/sip/transport/socket-network.ts';

/** Account that the server under test knows. */
export const USER = '1001';
export const PASSWORD = 'practice-only';

/** What a call came to, filled in as it goes. */
export interface CallNotes {
  readonly leg: SipLeg;
  readonly events: string[];
  readonly ended: Promise<LegEnd>;
  readonly established: Promise<void>;
}

export interface AnsweringServer {
  readonly server: SipServer;
  readonly calls: CallNotes[];
  readonly registrations: Registration[];
  /** The next call that comes in, or the first not yet given. */
  nextCall(): Promise<CallNotes>;
  registered(): Promise<Registration>;
  /** Calls out through trunk `carrier`. */
  call(options?: { onRinging?: (leg: SipLeg) => void }): CallNotes;
  close(): Promise<void>;
}

/** An RTP address nobody listens at: these tests are about signalling. */
export function description(): string {
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    'm=audio 40000 RTP/AVP 0 101',
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    'a=sendrecv',
    '',
  ].join('\r\n');
}

/** A SIP server whose owner rings, answers after `answerMs` (never, if undefined) and agrees to everything. */
export async function startAnsweringServer(
  options: {
    readonly answerMs?: number | undefined;
    readonly settings?: Record<string, unknown>;
    readonly tls?: TlsFiles;
    readonly policy?: Partial<SipPolicy>;
  } = {},
): Promise<AnsweringServer> {
  const calls: CallNotes[] = [];
  const registrations: Registration[] = [];
  const callQueue = new Queue<CallNotes>();
  const registrationQueue = new Queue<Registration>();
  const policy: SipPolicy = {
    credential: (user) =>
      Promise.resolve(
        user === USER
          ? {
              md5: ha1('MD5', USER, 'tonegate.local', PASSWORD),
              sha256: ha1('SHA-256', USER, 'tonegate.local', PASSWORD),
              mayRegister: true,
            }
          : undefined,
      ),
    allowAnonymous: () => true,
    incoming: (leg) => {
      const { notes, handlers } = noting(leg);
      calls.push(notes);
      callQueue.put(notes);
      leg.ring();
      if (options.answerMs !== undefined) systemClock.after(options.answerMs, () => leg.answer(description()));
      return handlers;
    },
    registered: (registration) => {
      registrations.push(registration);
      registrationQueue.put(registration);
    },
    unregistered: () => {},
    ...options.policy,
  };
  const server = new SipServer({
    settings: {
      ...SipSettings.parse({ bind: '127.0.0.1', limits: { perSourcePerSecond: 100_000 }, ...options.settings }),
      udpPort: 0,
      tcpPort: 0,
      tlsPort: 0,
    },
    clock: systemClock,
    logger: silentLogger,
    policy,
    tls: options.tls,
  });
  const started = await server.start();
  if (!started.ok) throw new Error(started.error.message);
  return {
    server,
    calls,
    registrations,
    nextCall: () => callQueue.take(),
    registered: () => registrationQueue.take(),
    call: ({ onRinging } = {}) => {
      const { notes, handlers } = noting(undefined, onRinging);
      const leg = server.call(
        { kind: 'trunk', trunk: 'carrier', number: '0312345678' },
        { offer: description(), from: { user: '0398765432' }, handlers },
      );
      return notes(leg);
    },
    close: () => server.close(),
  };
}

function noting(leg: SipLeg): { notes: CallNotes; handlers: LegHandlers };
function noting(
  leg: undefined,
  onRinging?: (leg: SipLeg) => void,
): { notes: (leg: SipLeg) => CallNotes; handlers: LegHandlers };
function noting(leg: SipLeg | undefined, onRinging?: (leg: SipLeg) => void) {
  const events: string[] = [];
  const ended = Promise.withResolvers<LegEnd>();
  const established = Promise.withResolvers<void>();
  let own = leg;
  const handlers: LegHandlers = {
    ringing: (sdp) => {
      events.push(sdp === undefined ? 'ringing' : 'ringing with sdp');
      if (own) onRinging?.(own);
    },
    established: (sdp) => {
      events.push(sdp === undefined ? 'established' : 'established with sdp');
      established.resolve();
    },
    reoffered: () => {
      events.push('reoffered');
      return ok(description());
    },
    offerWanted: description,
    keyByInfo: (contentType) => void events.push(`key ${contentType}`),
    ended: (end) => {
      events.push(`ended ${end.by} ${end.cause}`);
      ended.resolve(end);
    },
  };
  const notesOf = (of: SipLeg): CallNotes => {
    own = of;
    return { leg: of, events, ended: ended.promise, established: established.promise };
  };
  return { notes: leg ? notesOf(leg) : notesOf, handlers };
}

/** Things that are waited for in the order they come. */
class Queue<T> {
  readonly #things: T[] = [];
  readonly #takers: ((thing: T) => void)[] = [];

  put(thing: T): void {
    const taker = this.#takers.shift();
    if (taker) taker(thing);
    else this.#things.push(thing);
  }

  take(): Promise<T> {
    const thing = this.#things.shift();
    return thing === undefined ? new Promise((resolve) => this.#takers.push(resolve)) : Promise.resolve(thing);
  }
}
