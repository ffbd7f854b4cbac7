import type { Id } from '../../shared/ids.ts';
import type { Gateway } from '../gateways/gateway.ts';
import { sameService } from '../gateways/own-gateway.ts';

/**
 * Which gateway a merchant's money goes to: its own, or the one that the settings name. A gateway that was replaced
 * still answers for what it was asked before, until that is over.
 */
export class GatewayBook {
  readonly #standard: Gateway | undefined;
  /** Undefined: the merchant has one of its own that can't be used. */
  readonly #own = new Map<Id, Gateway | undefined>();
  readonly #older = new Map<Id, Gateway[]>();
  readonly #listeners = new Set<(merchant: Id) => void>();
  readonly #retired = new Set<(merchant: Id, name: string) => void>();
  #blocked = false;

  /** @param standard of every merchant that has none of its own */
  constructor(standard?: Gateway) {
    this.#standard = standard;
  }

  /** Gives a merchant a gateway of its own from the next request on. */
  set(merchant: Id, gateway: Gateway): void {
    this.#replace(merchant);
    this.#own.set(merchant, gateway);
    this.#changed(merchant);
  }

  /** Back to the one that the settings name. */
  unset(merchant: Id): void {
    this.#replace(merchant);
    this.#own.delete(merchant);
    this.#changed(merchant);
  }

  /** A gateway that answers only for what it was asked before. */
  keep(merchant: Id, gateway: Gateway): void {
    this.#older.set(merchant, [...(this.#older.get(merchant) ?? []), gateway]);
    this.#changed(merchant);
  }

  /** The merchant's own gateway can't be used: its money goes nowhere, least of all to somebody else's account. */
  block(merchant: Id): void {
    this.#replace(merchant);
    this.#own.set(merchant, undefined);
  }

  /** Whose gateway is whose can't be read: nobody's money goes anywhere. */
  blockAll(): void {
    this.#blocked = true;
  }

  /** Where the next request of this merchant goes. */
  of(merchant: Id): Gateway | undefined {
    if (this.#blocked) return undefined;
    return this.#own.has(merchant) ? this.#own.get(merchant) : this.#standard;
  }

  /** Who answers for an attempt that went to the gateway of this name; undefined where it isn't set up any more. */
  named(merchant: Id, name: string): Gateway | undefined {
    const own = this.#own.get(merchant);
    return [own, ...(this.#older.get(merchant) ?? []), this.#standard].find((gateway) => gateway?.name === name);
  }

  /** Who captures, voids or refunds what the gateway of this name did: it, or a later version of it. */
  successor(merchant: Id, name: string): Gateway | undefined {
    const own = this.#own.get(merchant);
    return this.named(merchant, name) ?? (own && sameService(own.name, name) ? own : undefined);
  }

  /** Merchants of which a replaced gateway is still there. */
  replaced(): Id[] {
    return [...this.#older.keys()];
  }

  /** Closes those replaced gateways of a merchant that nothing hangs on any more. */
  retire(merchant: Id, inUse: (name: string) => boolean): void {
    const older = this.#older.get(merchant) ?? [];
    const left = older.filter(({ name }) => inUse(name));
    if (left.length > 0) this.#older.set(merchant, left);
    else this.#older.delete(merchant);
    for (const gateway of older) {
      if (left.includes(gateway)) continue;
      gateway.close();
      for (const listener of this.#retired) listener(merchant, gateway.name);
    }
  }

  /** Calls back whenever a merchant's gateway was changed: what waits for it can be taken up. */
  onChange(callback: (merchant: Id) => void): void {
    this.#listeners.add(callback);
  }

  /** Calls back when a replaced gateway is needed no more. */
  onRetired(callback: (merchant: Id, name: string) => void): void {
    this.#retired.add(callback);
  }

  close(): void {
    for (const gateway of [this.#standard, ...this.#own.values(), ...[...this.#older.values()].flat()])
      gateway?.close();
  }

  #replace(merchant: Id): void {
    const before = this.#own.get(merchant);
    if (before) this.#older.set(merchant, [...(this.#older.get(merchant) ?? []), before]);
  }

  #changed(merchant: Id): void {
    for (const listener of this.#listeners) listener(merchant);
  }
}
