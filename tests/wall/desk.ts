// A core system at the API: starts payments with its key and reads what became of them, and the packet counts of both valves.
import { randomUUID } from 'node:crypto';
import type { Call, CallCounts, Order, Payment } from '@tonegate/api-schema';
import { IDEMPOTENCY_HEADER } from '@tonegate/api-schema';
import type { House } from '../house/house.ts';

/** Between two questions, ms: a key may ask 1,200 times a minute. */
const ASK_EVERY_MS = 100;

export class Desk {
  readonly #base: string;
  readonly #key: string;

  constructor(house: House) {
    this.#base = `http://127.0.0.1:${house.stack.ports.http}`;
    this.#key = house.stack.secrets.apiKey;
  }

  /** The call of this customer that has not ended. */
  async callOf(number: string): Promise<Call> {
    const { calls } = (await this.#ask('GET', '/v1/calls?live=true')) as { calls: Call[] };
    const call = calls.find((each) => each.number === number);
    if (!call) throw new Error(`no live call of ${number}`);
    return call;
  }

  start(call: string, order: Order): Promise<Payment> {
    return this.#ask('POST', '/v1/payments', { call, purpose: 'charge', order, language: 'en' }) as Promise<Payment>;
  }

  payment(id: string): Promise<Payment> {
    return this.#ask('GET', `/v1/payments/${id}`) as Promise<Payment>;
  }

  /** As the gate last reported and as the worker counts now; undefined when the call is over. */
  async counts(call: string): Promise<CallCounts | undefined> {
    return this.#ask('GET', `/v1/calls/${call}/counts`).catch((error: Error) => {
      if (error.message.startsWith('404')) return undefined;
      throw error;
    }) as Promise<CallCounts | undefined>;
  }

  /** Resolves with the payment as soon as it is as wanted. */
  async until(id: string, met: (payment: Payment) => boolean, ms: number, what: string): Promise<Payment> {
    const deadline = performance.now() + ms;
    for (;;) {
      const payment = await this.payment(id);
      if (met(payment)) return payment;
      if (performance.now() > deadline) {
        throw new Error(`the payment was awaited ${ms} ms for ${what}; it is ${JSON.stringify(payment)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
  }

  /** Resolves when both valves have reported shut. */
  shut(id: string): Promise<Payment> {
    return this.until(id, ({ state }) => state !== 'opening', 5000, 'both valves to be shut');
  }

  /** Resolves when there is an outcome. */
  outcome(id: string, ms = 60_000): Promise<Payment> {
    return this.until(id, ({ state }) => state === 'ended', ms, 'its outcome');
  }

  /** Resolves when the wall is open again. */
  open(id: string, ms = 20_000): Promise<Payment> {
    return this.until(id, ({ state, wall }) => state === 'ended' && wall === 'open', ms, 'the wall to open');
  }

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(this.#base + path, {
      method,
      headers: {
        authorization: `Bearer ${this.#key}`,
        ...(body !== undefined && { 'content-type': 'application/json', [IDEMPOTENCY_HEADER]: randomUUID() }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${answer.status} ${path}: ${await answer.text()}`);
    return answer.json();
  }
}
