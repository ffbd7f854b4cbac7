import type { Id } from '../../shared/ids.ts';
import type { Gateway } from '../gateways/gateway.ts';

/**
 * Which gateway a merchant's money goes to: its own, or the one that the settings name. A gateway that was replaced
 * still answers for what it was asked before, until the book is closed.
 */
export class GatewayBook {
  readonly #standard: Gateway | undefined;
  readonly #own = new Map<Id, Gateway>();
  readonly #replaced: Gateway[] = [];
  readonly #listeners = new Set<() => void>();

  /** @param standard of every merchant that has none of its own */
  constructor(standard?: Gateway) {
    this.#standard = standard;
  }

  /** Gives a merchant a gateway of its own from the next request on. */
  set(merchant: Id, gateway: Gateway): void {
    const before = this.#own.get(merchant);
    if (before) this.#replaced.push(before);
    this.#own.set(merchant, gateway);
    for (const listener of this.#listeners) listener();
  }

  /** Where the next request of this merchant goes. */
  of(merchant: Id): Gateway | undefined {
    return this.#own.get(merchant) ?? this.#standard;
  }

  /** Who answers for an attempt that went to the gateway of this name; undefined where it isn't set up any more. */
  named(merchant: Id, name: string): Gateway | undefined {
    const own = this.#own.get(merchant);
    return [own, this.#standard].find((gateway) => gateway?.name === name);
  }

  /** Calls back whenever a gateway was set: what waits for it can be taken up. */
  onChange(callback: () => void): void {
    this.#listeners.add(callback);
  }

  close(): void {
    for (const gateway of [this.#standard, ...this.#own.values(), ...this.#replaced]) gateway?.close();
  }
}
