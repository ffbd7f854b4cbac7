import { randomBytes } from 'node:crypto';
import { err, ok, type Result } from '../../shared/result.ts';
import type { Secret } from '../../shared/secret.ts';
import type { Headers, SipResponse } from '../messages/message.ts';
import { ALGORITHMS, type Algorithm, type DigestFields, escaped, formatDigest, parseDigest } from './fields.ts';
import { digestResponse, hash, sessionHa1 } from './hash.ts';

/** An account of ours at a far server. */
export interface DigestAccount {
  readonly user: string;
  readonly password: Secret;
}

/**
 * `refused`: credentials for this very challenge were sent and it came again: the password is wrong, don't repeat.
 * `no-usable-challenge`: no Digest challenge with an algorithm and qop known here.
 */
export type ChallengeFault = 'refused' | 'no-usable-challenge';

interface Session {
  readonly answerName: 'Authorization' | 'Proxy-Authorization';
  readonly fields: DigestFields;
  readonly algorithm: Algorithm;
  readonly isSession: boolean;
  /** qop=auth; else RFC 2069's form. */
  readonly isAuth: boolean;
  readonly cnonce: string;
  /** How often the nonce was used. */
  nc: number;
}

/** A request may pass this many servers that each want credentials. */
const REALMS_LIMIT = 8;
const CNONCE_BYTES = 12;

/**
 * The client's side of digest (RFC 7616, 8760; RFC 3261 §22): takes the challenges of 401 and 407, one for each realm and of
 * several for one realm the strongest it knows, and answers them in this and in later requests with a rising nc.
 */
export class DigestClient {
  readonly #account: DigestAccount;
  readonly #newCnonce: () => string;
  readonly #sessions = new Map<string, Session>();

  constructor(account: DigestAccount, newCnonce: () => string = () => randomBytes(CNONCE_BYTES).toString('hex')) {
    this.#account = account;
    this.#newCnonce = newCnonce;
  }

  /**
   * Takes the challenges of a 401 or 407 to a request that carried `sent` (its headers). Then `credentials` answers them.
   * A server that says `stale` each time is never `refused`: the caller bounds how often a request is repeated.
   */
  take(response: SipResponse, sent: Headers): Result<void, ChallengeFault> {
    const isProxy = response.status === 407;
    const answerName = isProxy ? 'Proxy-Authorization' : 'Authorization';
    const strongest = new Map<string, Session>();
    for (const value of response.headers.all(isProxy ? 'Proxy-Authenticate' : 'WWW-Authenticate')) {
      const session = this.#read(value, answerName);
      const realm = session?.fields.get('realm');
      if (session === undefined || realm === undefined) continue;
      const other = strongest.get(realm);
      if (!other || strength(session) > strength(other)) strongest.set(realm, session);
    }
    if (strongest.size === 0 || strongest.size > REALMS_LIMIT) return err('no-usable-challenge');
    for (const [realm, session] of strongest) {
      if (this.#isRefused(`${answerName} ${realm}`, session, sent)) return err('refused');
    }
    for (const [realm, session] of strongest) this.#sessions.set(`${answerName} ${realm}`, session);
    for (const oldest of this.#sessions.keys()) {
      if (this.#sessions.size <= REALMS_LIMIT) break;
      this.#sessions.delete(oldest);
    }
    return ok(undefined);
  }

  /** Headers to set on a request: one for each realm that challenged us. `uri` is the request URI as it will be written. */
  credentials(method: string, uri: string): [name: 'Authorization' | 'Proxy-Authorization', value: string][] {
    return [...this.#sessions.values()].map((session) => [session.answerName, this.#answer(session, method, uri)]);
  }

  #read(value: string, answerName: Session['answerName']): Session | undefined {
    const parsed = parseDigest(value);
    if (!parsed.ok) return undefined;
    const fields = parsed.value;
    const written = (fields.get('algorithm') ?? 'MD5').toUpperCase();
    const isSession = written.endsWith('-SESS');
    const algorithm = ALGORITHMS.find((known) => known === (isSession ? written.slice(0, -5) : written));
    const qop = fields.get('qop')?.toLowerCase().split(',');
    const isAuth = qop?.some((option) => option.trim() === 'auth') ?? false;
    if (algorithm === undefined || !fields.has('realm') || !fields.has('nonce') || (qop && !isAuth)) return undefined;
    return { answerName, fields, algorithm, isSession, isAuth, cnonce: this.#newCnonce(), nc: 0 };
  }

  #isRefused(key: string, session: Session, sent: Headers): boolean {
    const before = this.#sessions.get(key);
    if (before === undefined || session.fields.get('stale')?.toLowerCase() === 'true') return false;
    // A nonce that was good before may have expired without `stale`; one that failed at its first use means the password.
    if (before.nc > 1) return false;
    return sent.all(before.answerName).some((value) => {
      const fields = parseDigest(value);
      return fields.ok && fields.value.get('nonce') === before.fields.get('nonce');
    });
  }

  #answer(session: Session, method: string, uri: string): string {
    session.nc++;
    const { fields, algorithm, isSession, isAuth, cnonce } = session;
    const { user, password } = this.#account;
    const realm = fields.get('realm') ?? '';
    const nonce = fields.get('nonce') ?? '';
    const nc = session.nc.toString(16).padStart(8, '0');
    const secret = hash(algorithm, [octets(user), realm, octets(password.reveal())].join(':'));
    const response = digestResponse({
      algorithm,
      ha1: isSession ? sessionHa1(algorithm, secret, nonce, cnonce) : secret,
      method,
      uri,
      nonce,
      ...(isAuth && { auth: { nc, cnonce } }),
    });
    const answer = new Map([
      ['username', escaped(user)],
      ['realm', realm],
      ['nonce', nonce],
      ['uri', uri],
      ['response', response],
    ]);
    const written = fields.get('algorithm');
    if (written !== undefined) answer.set('algorithm', written);
    if (isAuth || isSession) answer.set('cnonce', cnonce);
    if (isAuth) {
      answer.set('qop', 'auth');
      answer.set('nc', nc);
    }
    const opaque = fields.get('opaque');
    if (opaque !== undefined) answer.set('opaque', opaque);
    return formatDigest(answer, 'credentials');
  }
}

function octets(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** SHA-256 before MD5, qop before none. */
function strength(session: Session): number {
  return ALGORITHMS.indexOf(session.algorithm) * 4 + (session.isAuth ? 2 : 0) + (session.isSession ? 1 : 0);
}
