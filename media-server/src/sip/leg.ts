import type { Result } from '../shared/result.ts';

/** How a leg ended. `status` is the SIP status that ended it before an answer (RFC 3261 §21), if one did. */
export interface LegEnd {
  readonly by: 'far' | 'us';
  readonly cause:
    | 'hung-up'
    | 'cancelled'
    | 'rejected'
    | 'no-answer'
    | 'transport-lost'
    | 'session-expired'
    | 'protocol';
  readonly status?: number;
}

/** Who a request came from, as the server knows it: never what the message says alone. */
export type Peer =
  | { readonly kind: 'trunk'; readonly trunk: string }
  /** A person's or device's registration, or an INVITE that answered our challenge. `user` is the credential's name. */
  | { readonly kind: 'account'; readonly user: string }
  /** Nobody known, let in by `allowAnonymous` (demo, loopback and private ranges only). */
  | { readonly kind: 'anonymous' };

/** A number or name as it stands in From, P-Asserted-Identity or the request URI. */
export interface Party {
  /** The user part, `%` escapes resolved; for tel: the number without visual separators. */
  readonly user: string;
  readonly displayName?: string;
  /** `Privacy: id` or an anonymous From: don't show it. */
  readonly withheld: boolean;
}

/**
 * One INVITE dialog usage (RFC 3261 §12–15, RFC 5057): a customer's or an agent's end of a call. All SDP is text; the
 * leg does not read it. Offer/answer order (RFC 3264, RFC 3261 §13.2.1) is kept by the leg: an INVITE without SDP asks
 * `handlers.offer`, whose answer comes with the ACK.
 */
export interface SipLeg {
  readonly id: string;
  readonly direction: 'in' | 'out';
  readonly peer: Peer;
  /** The far party: From (or PAI from a trunk) of an incoming call, the target of an outgoing one. */
  readonly far: Party;
  /** The number that was called (user part of the request URI). */
  readonly called: Party;
  /** Address the far side's signalling comes from. */
  readonly source: { readonly ip: string; readonly port: number; readonly transport: TransportName };
  /** The SDP offer of an incoming INVITE, absent when it had none. */
  readonly offer?: string;
  readonly state: 'early' | 'confirmed' | 'ended';

  /** 180 Ringing, or 183 with early media; incoming and early only. */
  ring(sdp?: string): void;
  /** 200 with our SDP: the answer, or the offer if the INVITE had none. */
  answer(sdp: string): void;
  /** Refuses an early incoming call: status 3xx–6xx with its usual reason phrase, `Retry-After` in seconds where it helps. */
  reject(status: number, options?: { reason?: string; retryAfter?: number }): void;
  /** Ends it whatever its state: CANCEL, BYE, or 487/480 to an early incoming call. Idempotent. */
  end(): void;
  /** re-INVITE with an offer; resolves with the answer, or why not (glare is retried as RFC 3261 §14.1 says). */
  reinvite(offer: string): Promise<Result<string, { status: number }>>;
}

/** What the owner of a leg is told. Set once, when the leg is handed over or asked for; called synchronously. */
export interface LegHandlers {
  /** 180/183 of an outgoing call; `sdp` if it had one (early media). */
  ringing?(sdp: string | undefined): void;
  /**
   * Outgoing: 200 came, with the SDP answer. Incoming: the ACK came; `sdp` is the answer if we offered in the 200. Comes
   * again, always with `sdp`, when an offer of ours that `reinvite` doesn't await got an answer: one that `offerWanted`
   * gave, or a session refresh whose answer has changed.
   */
  established(sdp: string | undefined): void;
  /** A re-INVITE or UPDATE with an offer: return the answer, or a status (488, …). Session refreshes don't come here unless SDP changed. */
  reoffered(offer: string): Result<string, { status: number }> | Promise<Result<string, { status: number }>>;
  /** The far side wants an offer from us (re-INVITE without SDP). */
  offerWanted(): string;
  /** INFO of a key-pressing kind came: its content type; the body is dropped unread and unlogged. */
  keyByInfo?(contentType: string): void;
  ended(end: LegEnd): void;
}

export type TransportName = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

/** Where an outgoing call goes. */
export type Target =
  /** A trunk by its name in the settings, to a number. */
  | { readonly kind: 'trunk'; readonly trunk: string; readonly number: string }
  /** All live registrations of this account; there is one leg for each (`callAccount`). */
  | { readonly kind: 'account'; readonly user: string };

export interface OutgoingOptions {
  /** Our SDP offer. */
  readonly offer: string;
  /** What the far side sees as caller. */
  readonly from: { readonly user: string; readonly displayName?: string };
  /** Extra headers, e.g. `X-Tonegate-Call`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the attempt with cause `no-answer` after this, ms (default 180,000; Timer C, RFC 3261 §16.6). */
  readonly ringMs?: number;
  readonly handlers: LegHandlers;
}

/** A registered contact (RFC 3261 §10). Several for one account: several windows or devices. */
export interface Registration {
  readonly id: string;
  readonly user: string;
  readonly transport: TransportName;
  /** The connection it came by is still up (always true for UDP). */
  readonly alive: boolean;
}

/**
 * What the SIP server needs of others, handed in by `main.ts`. Credentials are asked for by name; HA1 is
 * hex(H(user:realm:password)) for each algorithm (RFC 8760).
 */
export interface SipPolicy {
  credential(
    user: string,
  ): Promise<{ readonly md5: string; readonly sha256: string; readonly mayRegister: boolean } | undefined>;
  /** Whether an INVITE from nobody known may come in from here (demo only). */
  allowAnonymous(source: { ip: string; transport: TransportName }): boolean;
  /** A call for us: take it (and set its handlers) or reject it. Called once a 100 Trying is due or sent. */
  incoming(leg: SipLeg): LegHandlers;
  registered(registration: Registration): void;
  /** Expired, removed, or its connection was lost. */
  unregistered(registration: Registration): void;
}

/** The server as `calls/` sees it; `SipServer` in sip-server.ts is the one implementation. */
export interface Sip {
  call(target: Target & { kind: 'trunk' }, options: OutgoingOptions): SipLeg;
  /** One leg to one registration. */
  callRegistration(registration: string, options: OutgoingOptions): SipLeg;
  registrations(user: string): readonly Registration[];
  /** Health of each trunk: OPTIONS answered, or our registration to it accepted. */
  trunks(): readonly { readonly name: string; readonly state: 'up' | 'down' | 'unknown' }[];
  /** Ends all registrations and sessions of an account (signed out, signed in elsewhere). */
  drop(user: string): void;
}
