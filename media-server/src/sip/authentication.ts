import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '../shared/clock.ts';
import { DigestServer } from './digest/server.ts';
import type { SipPolicy } from './leg.ts';
import type { SipRequest, SipResponse } from './messages/message.ts';
import { responseTo } from './messages/response.ts';
import type { SipSettings } from './settings.ts';
import { topVia } from './messages/via.ts';

/** What a request's credentials are worth. */
export type Authenticated =
  | { readonly kind: 'right'; readonly user: string; readonly mayRegister: boolean }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'stale' };

/** Challenges requests and checks what comes back (RFC 3261 §22), without memory for those who never answer. */
export class Authentication {
  readonly #clock: Clock;
  readonly #policy: Pick<SipPolicy, 'credential'>;
  readonly #isMd5Only: boolean;
  readonly #key = randomBytes(32);
  readonly #digest: DigestServer;

  constructor(settings: Pick<SipSettings, 'domain' | 'digest'>, clock: Clock, policy: Pick<SipPolicy, 'credential'>) {
    this.#isMd5Only = settings.digest === 'md5';
    this.#clock = clock;
    this.#policy = policy;
    this.#digest = new DigestServer({ realm: settings.domain, key: this.#key });
  }

  /** Whether the request brings credentials for our realm. */
  hasCredentials(request: SipRequest): boolean {
    return this.#digest.credentials(request.headers, 'Authorization').ok;
  }

  challenge(request: SipRequest, stale = false): SipResponse {
    const response = responseTo(request, 401, undefined, this.tagFor(request));
    const [md5 = '', ...others] = this.#digest.challenges(this.#clock.monotonic(), stale);
    response.headers.add('WWW-Authenticate', md5);
    // sip.js takes the last challenge of several and gives up if that isn't MD5: over WebSocket it is the only one.
    if (this.#isMd5Only || overWebSocket(request)) return response;
    for (const value of others) response.headers.add('WWW-Authenticate', value);
    return response;
  }

  async check(request: SipRequest): Promise<Authenticated> {
    const credentials = this.#digest.credentials(request.headers, 'Authorization');
    if (!credentials.ok) return { kind: 'wrong' };
    const { user } = credentials.value;
    const stored = await this.#policy.credential(user);
    const verdict = this.#digest.verify(credentials.value, request.method, stored, this.#clock.monotonic());
    if (verdict === 'stale') return { kind: 'stale' };
    return verdict === 'right' && stored ? { kind: 'right', user, mayRegister: stored.mayRegister } : { kind: 'wrong' };
  }

  /** A To tag that is the same for each repetition of a request and can't be guessed (RFC 3261 §8.2.7). */
  tagFor(request: SipRequest): string {
    const via = topVia(request.headers);
    const branch = (via.ok && via.value.params.get('branch')) || '';
    const mac = createHmac('sha256', this.#key).update(`${branch}\n${request.headers.get('Call-ID')}`);
    return mac.digest('hex').slice(0, 20);
  }
}

function overWebSocket(request: SipRequest): boolean {
  const via = topVia(request.headers);
  return via.ok && /^WSS?$/i.test(via.value.transport);
}
