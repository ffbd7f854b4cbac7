import type { Flow } from './transport/flow.ts';
import { isWebSocket } from './transport/flow.ts';

/** One registered contact of an account (RFC 3261 §10.3). */
export interface Binding {
  /** Our id for it; stays the same while it is refreshed. */
  readonly id: string;
  readonly user: string;
  /** URI of the Contact: the request URI of calls to it. */
  readonly contact: string;
  /** What makes two Contacts one: `+sip.instance` and `reg-id` (RFC 5626 §6), else the URI. */
  readonly key: string;
  readonly callId: string;
  readonly cseq: number;
  readonly flow: Flow;
  /** ms, monotonic. */
  readonly expiresAt: number;
}

/** One Contact of a REGISTER as it was read. `seconds` 0 removes. */
export interface ContactWish {
  readonly contact: string;
  readonly key: string;
  readonly seconds: number;
}

export interface RegisterWish {
  readonly user: string;
  /** `*`: remove all. */
  readonly contacts: readonly ContactWish[] | '*';
  readonly callId: string;
  readonly cseq: number;
  readonly flow: Flow;
}

export interface Changes {
  readonly added: readonly Binding[];
  /** Refreshed ones, with the flow each had before. */
  readonly refreshed: readonly { readonly binding: Binding; readonly before: Flow }[];
  readonly removed: readonly Binding[];
}

/** `out-of-order`: a REGISTER older than the one that made the binding (500, §10.3 step 7). `full`: 503. */
export type RegisterFault = 'out-of-order' | 'full';

const PER_USER_LIMIT = 16;
/** After its connection was lost, a browser that comes back with its instance id within this gets its old id back, ms. */
export const COME_BACK_MS = 10_000;

/** The registrations of all accounts: a table without clock or timers. */
export class Bindings {
  readonly #limit: number;
  readonly #newId: () => string;
  readonly #bindings = new Map<string, Binding>();
  /** Bindings whose WebSocket was lost a moment ago, by user and key. */
  readonly #lost = new Map<string, { readonly binding: Binding; readonly until: number }>();

  constructor(limit: number, newId: () => string) {
    this.#limit = limit;
    this.#newId = newId;
  }

  get(id: string): Binding | undefined {
    return this.#bindings.get(id);
  }

  of(user: string): Binding[] {
    return [...this.#bindings.values()].filter((binding) => binding.user === user);
  }

  byFlow(flow: Flow): Binding[] {
    return [...this.#bindings.values()].filter((binding) => binding.flow === flow);
  }

  /** When the next one expires, ms monotonic. */
  get nextExpiry(): number | undefined {
    let next: number | undefined;
    for (const { expiresAt } of this.#bindings.values()) next = Math.min(next ?? expiresAt, expiresAt);
    return next;
  }

  register(wish: RegisterWish, now: number): Changes | RegisterFault {
    const current = this.of(wish.user);
    const isOlder = (binding: Binding): boolean => binding.callId === wish.callId && binding.cseq >= wish.cseq;
    if (wish.contacts === '*') {
      if (current.some(isOlder)) return 'out-of-order';
      for (const { id } of current) this.#bindings.delete(id);
      return { added: [], refreshed: [], removed: current };
    }
    const found = wish.contacts.map((contact) => ({ contact, old: current.find(({ key }) => key === contact.key) }));
    if (found.some(({ old }) => old && isOlder(old))) return 'out-of-order';
    const fresh = found.filter(({ contact, old }) => !old && contact.seconds > 0).length;
    if (current.length + fresh > PER_USER_LIMIT || this.#bindings.size + fresh > this.#limit) return 'full';
    const added: Binding[] = [];
    const refreshed: { binding: Binding; before: Flow }[] = [];
    const removed: Binding[] = [];
    for (const { contact, old } of found) {
      if (contact.seconds === 0) {
        if (old) removed.push(old);
        if (old) this.#bindings.delete(old.id);
        continue;
      }
      const back = old ? undefined : this.#comesBack(wish.user, contact.key, now);
      const binding: Binding = {
        id: old?.id ?? back?.id ?? this.#newId(),
        user: wish.user,
        contact: contact.contact,
        key: contact.key,
        callId: wish.callId,
        cseq: wish.cseq,
        flow: wish.flow,
        expiresAt: now + contact.seconds * 1000,
      };
      this.#bindings.set(binding.id, binding);
      if (!old) added.push(binding);
      const before = old ?? back;
      if (before) refreshed.push({ binding, before: before.flow });
    }
    return { added, refreshed, removed };
  }

  /** Takes out what has expired. */
  expire(now: number): Binding[] {
    const expired = [...this.#bindings.values()].filter(({ expiresAt }) => expiresAt <= now);
    for (const { id } of expired) this.#bindings.delete(id);
    for (const [key, { until }] of this.#lost) if (until <= now) this.#lost.delete(key);
    return expired;
  }

  /** A connection is gone: registrations over a WebSocket die with it, as nothing can reach them (RFC 7118 §5). */
  flowLost(flow: Flow, now: number): Binding[] {
    if (!isWebSocket(flow)) return [];
    const dead = this.byFlow(flow);
    for (const binding of dead) {
      this.#bindings.delete(binding.id);
      if (this.#lost.size < this.#limit) {
        this.#lost.set(lostKey(binding.user, binding.key), { binding, until: now + COME_BACK_MS });
      }
    }
    return dead;
  }

  /** Takes out all of an account, and what it could come back to. */
  drop(user: string): Binding[] {
    const dropped = this.of(user);
    for (const { id } of dropped) this.#bindings.delete(id);
    for (const [key, { binding }] of this.#lost) if (binding.user === user) this.#lost.delete(key);
    return dropped;
  }

  #comesBack(user: string, key: string, now: number): Binding | undefined {
    const lost = this.#lost.get(lostKey(user, key));
    this.#lost.delete(lostKey(user, key));
    return lost && lost.until > now ? lost.binding : undefined;
  }
}

function lostKey(user: string, key: string): string {
  return `${user}\n${key}`;
}
