import type { CodeAnswer, CodeMaker, CodeProblem, CodeRequest } from '../../calls/codes.ts';
import type { Clock } from '../../shared/clock.ts';
import { newId } from '../../shared/ids.ts';
import type { Logger } from '../../shared/logger.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { Secret } from '../../shared/secret.ts';
import { addCodeSend, codesToPhone, countCodesBy } from '../../storage/codes.ts';
import { findMember } from '../../storage/members.ts';
import { findMerchant } from '../../storage/merchants.ts';
import type { Storage } from '../../storage/storage.ts';
import type { CodeSend } from '../../storage/tables.ts';
import { type CodeTexts, codeText } from './code-text.ts';
import { type CodeLimits, DAY_MS, mayBeSent } from './limits.ts';
import { newOneTimeCode } from './one-time-code.ts';
import { isPhone, phoneDigest } from './phone.ts';
import type { CodeSender } from './sender.ts';
import { afterTry, type SendResult, startSending } from './sending.ts';

export interface OneTimeCodesParts {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Logger;
  /** None: no code can be sent, and none is asked for. */
  readonly sender: CodeSender | undefined;
  readonly texts: CodeTexts;
  readonly limits: CodeLimits;
  /** How long a code is good, ms. */
  readonly validMs: number;
  /** Key of the digests that numbers are counted by. */
  readonly phoneKey: Secret<Buffer>;
  /** Told of every code's sending, for metrics. */
  readonly counted: (sender: string, result: CodeSend['result'] | 'limit' | 'too-soon') => void;
}

type Asked = Omit<CodeRequest, 'payment'>;
/** A code that is being sent and isn't in the list of sent ones yet. */
type Pending = Pick<CodeSend, 'id' | 'payment' | 'phoneDigest' | 'at'> & Pick<CodeRequest, 'person' | 'apiKey'>;

/**
 * Makes and sends one-time codes. A code is known here from its making to the sender's answer; what is kept is that one
 * was sent, when, and a keyed digest of the number.
 */
export class OneTimeCodes implements CodeMaker {
  readonly #parts: OneTimeCodesParts;
  readonly #pending = new Set<Pending>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: OneTimeCodesParts) {
    this.#parts = parts;
  }

  async check(request: Asked): Promise<Result<void, CodeProblem>> {
    if (!this.#parts.sender) {
      return err({
        code: 'not-possible',
        message: 'no sender of one-time codes is set up: see the setting codes.sender',
      });
    }
    const phone = await this.#phoneOf(request);
    if (!phone.ok) return phone;
    const may = await this.#may({ ...request, payment: '' }, phone.value);
    if (may === 'yes') return ok(undefined);
    return err({ code: 'code-limit', message: 'as many codes as a day allows were sent to this number, or by you' });
  }

  async make(request: CodeRequest): Promise<CodeAnswer> {
    try {
      return await this.#make(request);
    } catch (cause) {
      this.#parts.log.error({ payment: request.payment, cause }, 'a one-time code could not be made');
      return { refused: 'not-sent' };
    }
  }

  async #make(request: CodeRequest): Promise<CodeAnswer> {
    const { storage, sender, texts, validMs, counted } = this.#parts;
    const { payment, merchant, language } = request;
    const phone = await this.#phoneOf(request);
    const from = await findMerchant(storage, merchant);
    if (!phone.ok || !from || !sender) return { refused: 'not-sent' };

    const send = await this.#admit(request, phone.value);
    if (typeof send === 'string') {
      counted(sender.name, send);
      return { refused: send };
    }
    try {
      const { code, salt, digest } = newOneTimeCode();
      const text = codeText(texts, language, from.name, code);
      const result = await this.#send(sender, phone.value, text, payment);
      counted(sender.name, result);
      const { apiKey: _, person = null, ...facts } = send;
      await addCodeSend(storage, { ...facts, person, merchant, sender: sender.name, result });
      return result === 'not-sent' ? { refused: 'not-sent' } : { salt, digest, validMs };
    } finally {
      this.#pending.delete(send);
    }
  }

  /** One after the other, so that of two at the same time only one is the last that is allowed. */
  #admit(request: CodeRequest, phone: string): Promise<Pending | 'limit' | 'too-soon'> {
    const { payment, person, apiKey } = request;
    const decide = async () => {
      const may = await this.#may(request, phone);
      if (may !== 'yes') return may;
      const at = this.#parts.clock.now();
      const send = {
        id: newId(at),
        payment,
        phoneDigest: phoneDigest(this.#parts.phoneKey, phone),
        at,
        person,
        apiKey,
      };
      this.#pending.add(send);
      return send;
    };
    const decided = this.#turn.then(decide);
    this.#turn = decided.catch(() => {});
    return decided;
  }

  /** The order's number where this asker may name one, else the one in the member's record. */
  async #phoneOf({ merchant, member, phone, person }: Asked): Promise<Result<string, CodeProblem>> {
    const { storage } = this.#parts;
    if (phone !== undefined) {
      if (!isPhone(phone)) {
        return err({ code: 'phone-missing', message: 'this is no telephone number: E.164, such as +819012345678' });
      }
      if (person === undefined) return ok(phone);
      const rules = await findMerchant(storage, merchant);
      if (rules?.agentsTypePhones === 1) return ok(phone);
      return err({
        code: 'not-allowed',
        message: 'this merchant sends codes only to numbers that its own system gave: name the member instead',
      });
    }
    const found = member === undefined ? undefined : await findMember(storage, merchant, member);
    if (found && found.phone !== null) return ok(found.phone);
    return err({
      code: 'phone-missing',
      message: 'no number is known to send a code to: neither order nor member has one',
    });
  }

  async #may(request: CodeRequest, phone: string): Promise<'yes' | 'limit' | 'too-soon'> {
    const { storage, clock, limits, phoneKey } = this.#parts;
    const { payment, person, apiKey } = request;
    const now = clock.now();
    const digest = phoneDigest(phoneKey, phone);
    const pending = [...this.#pending];
    const written = await codesToPhone(storage, digest, now - DAY_MS);
    const asker = person !== undefined ? { person } : apiKey !== undefined ? { apiKey } : undefined;
    const byAsker = asker ? await countCodesBy(storage, asker, now - DAY_MS) : 0;
    // One that was written down meanwhile is counted there.
    const others = pending.filter(({ id }) => !written.some((send) => send.id === id));
    const toPhone = [...written, ...others.filter((other) => other.phoneDigest === digest)];
    const inPayment = toPhone.filter((send) => send.payment === payment);
    const theirs = others.filter((other) => (person === undefined ? other.apiKey === apiKey : other.person === person));
    return mayBeSent(
      {
        inPayment: inPayment.length,
        lastInPayment: inPayment.at(-1)?.at,
        toPhone: toPhone.length,
        byAsker: byAsker + theirs.length,
      },
      limits,
      person === undefined ? 'key' : 'agent',
      now,
    );
  }

  async #send(sender: CodeSender, phone: string, text: Secret, payment: string): Promise<CodeSend['result']> {
    const { clock, log } = this.#parts;
    const message = { id: newId(clock.now()), phone, text };
    const sending = startSending(clock.monotonic());
    for (;;) {
      const result = await tryOnce(sender, message);
      const next = afterTry(sending, result, clock.monotonic());
      if (result.is !== 'sent') {
        log.warn(
          { payment, sender: sender.name, is: result.is, why: result.why },
          'a one-time code was not sent at once',
        );
      }
      if (next.type === 'done') return next.result;
      if (next.afterMs > 0) await new Promise<void>((resolve) => clock.after(next.afterMs, resolve));
    }
  }
}

async function tryOnce(sender: CodeSender, message: Parameters<CodeSender['send']>[0]): Promise<SendResult> {
  try {
    return await sender.send(message);
  } catch {
    // A bug in a sender: its error may hold the text, so it goes nowhere.
    return { is: 'not-known', why: 'the sender failed' };
  }
}
