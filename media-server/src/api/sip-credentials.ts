import type { SipCredential } from '@tonegate/api-schema';
import type { z } from 'zod';
import type { Clock } from '../shared/clock.ts';
import { type Id, randomLetters } from '../shared/ids.ts';
import { ha1 } from '../storage/devices.ts';

/** How long a credential is good, ms, unless its window renews it. */
export const CREDENTIAL_MS = 5 * 60 * 1000;
/** Path of SIP over WebSocket (RFC 7118). */
export const SIP_PATH = '/sip';

interface Entry {
  readonly password: string;
  readonly window: Id;
  readonly session: Id;
  readonly hashes: { readonly md5: string; readonly sha256: string };
  expiresAt: number;
}

/**
 * Credentials for SIP over WebSocket, in memory only: one per person, whose id is the SIP user. The window that has it
 * can renew it, keeping the password, so that a REGISTER that is under way doesn't fail; another window gets a new one,
 * and the first one's is worth nothing from then on.
 */
export class SipCredentials {
  readonly #clock: Clock;
  readonly #realm: string;
  readonly #entries = new Map<Id, Entry>();

  /** @param options.realm the SIP server's domain */
  constructor(options: { readonly clock: Clock; readonly realm: string }) {
    this.#clock = options.clock;
    this.#realm = options.realm;
  }

  /** `replaced`: another window's credential has ended by this. */
  issue(person: Id, window: Id, session: Id): { credential: z.infer<typeof SipCredential>; replaced: boolean } {
    const known = this.#live(person);
    const renewed = known?.window === window && known.session === session ? known : undefined;
    const password = renewed?.password ?? randomLetters(32);
    const expiresAt = this.#clock.now() + CREDENTIAL_MS;
    const hashes = renewed?.hashes ?? ha1(person, this.#realm, password);
    this.#entries.set(person, { password, window, session, hashes, expiresAt });
    return {
      credential: { user: person, password, domain: this.#realm, path: SIP_PATH, expiresAt },
      replaced: known !== undefined && !renewed,
    };
  }

  /** What the SIP server needs to know a window by, or nothing when the credential has expired. */
  lookup(user: string): { readonly md5: string; readonly sha256: string; readonly mayRegister: true } | undefined {
    const entry = this.#live(user);
    return entry && { ...entry.hashes, mayRegister: true };
  }

  /** The session has ended. Returns whether it had the person's credential. */
  revoke(person: Id, session: Id): boolean {
    return this.#entries.get(person)?.session === session && this.#entries.delete(person);
  }

  #live(person: string): Entry | undefined {
    const entry = this.#entries.get(person);
    if (entry && entry.expiresAt > this.#clock.now()) return entry;
    this.#entries.delete(person);
    return undefined;
  }
}
