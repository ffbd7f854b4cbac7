import { createHmac } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { type Id, newId } from '../../shared/ids.ts';
import type { Logger } from '../../shared/logger.ts';
import { Secret } from '../../shared/secret.ts';
import { findPayment } from '../../storage/payments.ts';
import type { Storage } from '../../storage/storage.ts';
import type { PaymentRow, WebhookEvent } from '../../storage/tables.ts';
import { addWebhookEvent, delayWebhookEvent, nextWebhookEvent, removeWebhookEvent } from '../../storage/webhooks.ts';
import { HttpPoster } from '../http-post.ts';
import { readSecret } from '../secret-source.ts';
import { nextTry } from './next-try.ts';
import type { WebhookSettings } from './settings.ts';

export interface WebhooksParts {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of every try, for metrics. */
  readonly counted: (result: 'taken' | 'not-taken' | 'given-up') => void;
}

interface Receiver {
  readonly settings: WebhookSettings;
  readonly secret: Secret;
  readonly poster: HttpPoster;
  /** Something is being told, or is waited for. */
  busy: boolean;
  /** An event came while it was busy. */
  again: boolean;
  stopTimer: () => void;
}

/** Events of one merchant that wait; beyond it the oldest are forgotten. */
const EVENTS_LIMIT = 10_000;
const AFTER_TROUBLE_MS = 60_000;
/** However the clock jumps, an event is looked at again after this. */
const LONGEST_WAIT_MS = 3_600_000;

/**
 * Tells merchants' systems of payments' outcomes. Events are kept until they are taken, over restarts; each merchant's in
 * order. One may come twice: its id says so.
 */
export class Webhooks {
  readonly #parts: WebhooksParts;
  readonly #receivers: ReadonlyMap<Id, Receiver>;
  #lastAt = 0;
  #closed = false;

  /** @throws Error naming a secret that can't be read */
  constructor(settings: readonly WebhookSettings[], parts: WebhooksParts) {
    this.#parts = parts;
    this.#receivers = new Map(
      settings.map((one, at) => [
        one.merchant,
        {
          settings: one,
          secret: readSecret(one.secret, `webhooks.${at}.secret`),
          poster: new HttpPoster(one.caFile),
          busy: false,
          again: false,
          stopTimer: () => {},
        },
      ]),
    );
    for (const receiver of this.#receivers.values()) this.#tell(receiver);
  }

  /** A payment's outcome was written, or has changed. */
  async news(payment: Id): Promise<void> {
    const { storage, clock, log } = this.#parts;
    try {
      const row = this.#receivers.size > 0 ? await findPayment(storage, payment) : undefined;
      const receiver = row && this.#receivers.get(row.merchant);
      if (!receiver) return;
      // Ids sort by their time alone: two of the same moment would come in any order.
      const at = Math.max(clock.now(), this.#lastAt + 1);
      this.#lastAt = at;
      const event = { id: newId(at), merchant: row.merchant, payment, at, tries: 0, nextAt: clock.now() };
      await addWebhookEvent(storage, event, EVENTS_LIMIT);
      receiver.again = true;
      if (!receiver.busy) this.#tell(receiver);
    } catch (cause) {
      log.error({ payment, cause }, 'an outcome for a webhook could not be written down');
    }
  }

  close(): void {
    this.#closed = true;
    for (const { stopTimer } of this.#receivers.values()) stopTimer();
  }

  #tell(receiver: Receiver): void {
    receiver.busy = true;
    receiver.again = false;
    void this.#tellAll(receiver)
      .catch((cause) => {
        this.#parts.log.error({ merchant: receiver.settings.merchant, cause }, 'a webhook could not be told');
        return AFTER_TROUBLE_MS;
      })
      .then((wait) => {
        receiver.busy = false;
        if (this.#closed) return;
        if (wait !== undefined) {
          receiver.busy = true;
          receiver.stopTimer = this.#parts.clock.after(wait, () => this.#tell(receiver));
        } else if (receiver.again) this.#tell(receiver);
      });
  }

  /** Tells one after the other until none is left, or one isn't taken: then after how many ms to go on. */
  async #tellAll(receiver: Receiver): Promise<number | undefined> {
    const { storage, clock, log, counted } = this.#parts;
    const { merchant } = receiver.settings;
    while (!this.#closed) {
      const event = await nextWebhookEvent(storage, merchant);
      if (!event) return undefined;
      const early = event.nextAt - clock.now();
      if (early > 0) return Math.min(early, LONGEST_WAIT_MS);
      const row = await findPayment(storage, event.payment);
      const why = row && (await this.#post(receiver, event, row));
      // Closed meanwhile: whether it was taken or not, it is told again by the next life.
      if (this.#closed) return undefined;
      const now = clock.now();
      const next = why === undefined ? undefined : nextTry(event.tries + 1, event.at, now);
      if (why !== undefined) log.warn({ merchant, payment: event.payment, why }, 'a webhook was not taken');
      counted(why === undefined ? 'taken' : next === undefined ? 'given-up' : 'not-taken');
      if (next === undefined) await removeWebhookEvent(storage, event.id);
      else await delayWebhookEvent(storage, event.id, event.tries + 1, next);
    }
    return undefined;
  }

  /** Why it wasn't taken; nothing: it was. */
  async #post(
    { settings, secret, poster }: Receiver,
    event: WebhookEvent,
    row: PaymentRow,
  ): Promise<string | undefined> {
    const body = JSON.stringify(bodyOf(event, row));
    const sentAt = this.#parts.clock.now();
    const signature = createHmac('sha256', secret.reveal()).update(`${sentAt}.${body}`).digest('hex');
    const result = await poster.post({
      url: new URL(settings.url),
      headers: {
        'content-type': 'application/json',
        'tonegate-event': event.id,
        'tonegate-signature': `t=${sentAt},v1=${signature}`,
      },
      body: new Secret(body),
      timeoutMs: settings.timeoutMs,
    });
    if (result.is !== 'answered') return result.why;
    return result.status >= 200 && result.status < 300 ? undefined : `answered ${result.status}`;
  }
}

/** What is told: as the payment is now. Of the card nothing; who may know more asks for the payment. */
function bodyOf({ id, at }: WebhookEvent, row: PaymentRow) {
  const { call, merchant, purpose, reference, member, about, amountMinor, currency, outcome, reason } = row;
  const { startedAt, endedAt } = row;
  const facts = { call, purpose, reference, member, about, amountMinor, currency, outcome, reason, startedAt, endedAt };
  return { id, type: 'payment', at, merchant, payment: { id: row.id, ...facts } };
}
