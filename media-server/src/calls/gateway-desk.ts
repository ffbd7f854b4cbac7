import type { ProblemCode } from '@tonegate/api-schema';
import type { FromCard, GatewayResult, Refusal, ToCard } from '../card-link/contract.ts';
import { holdsCardNumber } from '../shared/card-digits.ts';
import type { Clock } from '../shared/clock.ts';
import { type Id, newId } from '../shared/ids.ts';
import { err, ok, type Problem, type Result } from '../shared/result.ts';
import type { Answer } from './asker.ts';
import type { CardCommands } from './customer-gate.ts';

type GatewayShown = Extract<FromCard, { type: 'gateway-shown' }>;
type Command = Extract<ToCard, { ask: Id }>;
type Reply = Extract<FromCard, { ask: Id }>;
type Settings = Extract<ToCard, { type: 'provision' }>['gateway'];

export interface GatewayDeskParts {
  readonly link: Pick<CardCommands, 'send'>;
  readonly clock: Clock;
  /** What doesn't fit the gateway's kind, field by field, without values. */
  readonly faults: (settings: Settings, credentials: Readonly<Record<string, string>>) => readonly string[];
}

/** How long the card process may take: a gateway is asked meanwhile, ms. */
const ANSWER_LIMIT_MS = 25_000;
/** Questions at a time. */
const ASKED_LIMIT = 64;

/** Merchants' own gateways, as administrators enter and test them. Credentials only pass through to the card process. */
export class GatewayDesk {
  readonly #parts: GatewayDeskParts;
  readonly #asked = new Map<Id, (answer: Result<Reply, Problem<ProblemCode>>) => void>();

  constructor(parts: GatewayDeskParts) {
    this.#parts = parts;
  }

  /** Tries a merchant's gateway and, if it works or `force` is set, keeps it. */
  async provision(
    merchant: Id,
    given: {
      readonly gateway: Settings;
      readonly credentials: Readonly<Record<string, string>>;
      readonly force: boolean;
    },
  ): Promise<Result<{ result: GatewayResult; kept: boolean }, Problem<ProblemCode> & { fields?: string[] }>> {
    const { gateway, credentials, force } = given;
    if (holdsCardNumber(JSON.stringify(gateway))) {
      return err({ code: 'bad-request', message: 'The settings hold something that may be a card number.' });
    }
    const faults = this.#parts.faults(gateway, credentials);
    if (faults.length > 0) {
      const fields = [...new Set(faults.map((fault) => fault.slice(0, fault.indexOf(':'))))];
      return err({ code: 'gateway-unfit', message: `Nothing was kept. ${faults.join('; ')}`, fields });
    }
    const command = {
      type: 'provision',
      ask: newId(),
      merchant,
      gateway,
      credentials: { ...credentials },
      force,
    } as const;
    return this.#ask(command, 'provisioned');
  }

  /** Back to the gateway that the settings name. */
  async unprovision(merchant: Id): Answer<void> {
    const done = await this.#ask({ type: 'unprovision', ask: newId(), merchant }, 'unprovisioned');
    return done.ok ? ok(undefined) : done;
  }

  async test(merchant: Id): Answer<GatewayResult> {
    const done = await this.#ask({ type: 'gateway-test', ask: newId(), merchant }, 'gateway-tested');
    return done.ok ? ok(done.value.result) : done;
  }

  show(merchant: Id): Answer<GatewayShown> {
    return this.#ask({ type: 'gateway-show', ask: newId(), merchant }, 'gateway-shown');
  }

  /** The card process reads its key file anew and wraps all credentials under the first key. */
  readKeys(): Answer<{ readonly wrapped: number; readonly shut: number }> {
    return this.#ask({ type: 'gateway-keys', ask: newId() }, 'gateway-keys-read');
  }

  /** Takes in an answer. False: it is for others. */
  heard(message: FromCard): boolean {
    if (!('ask' in message) || message.ask === undefined) return false;
    const answer = message.type === 'refused' ? err(refusal(message.why)) : ok(message);
    this.#asked.get(message.ask)?.(answer);
    return true;
  }

  cardDown(): void {
    for (const answer of [...this.#asked.values()]) answer(err(DOWN));
  }

  async #ask<T extends Reply['type']>(command: Command, reply: T): Answer<Extract<Reply, { type: T }>> {
    const { link, clock } = this.#parts;
    if (this.#asked.size >= ASKED_LIMIT) return err(refusal('limit-reached'));
    const answer = await new Promise<Result<Reply, Problem<ProblemCode>>>((resolve) => {
      const settle = (answer: Result<Reply, Problem<ProblemCode>>) => {
        this.#asked.delete(command.ask);
        stop();
        resolve(answer);
      };
      const stop = clock.after(ANSWER_LIMIT_MS, () => settle(err(DOWN)));
      this.#asked.set(command.ask, settle);
      if (!link.send(command)) settle(err(DOWN));
    });
    if (!answer.ok) return answer;
    if (answer.value.type !== reply) throw new Error(`${command.type} was answered by ${answer.value.type}`);
    return ok(answer.value as Extract<Reply, { type: T }>);
  }
}

const DOWN: Problem<ProblemCode> = {
  code: 'card-process-down',
  message: "The card process didn't answer: look at what is shown before you try again.",
};

function refusal(why: Refusal): Problem<ProblemCode> {
  switch (why) {
    case 'gateway-unfit':
      return {
        code: 'gateway-unfit',
        message: "Nothing was kept: the settings don't fit, or `ca` holds no certificate.",
      };
    case 'no-own-gateway':
      return { code: 'not-found', message: 'The merchant has no gateway of its own.' };
    case 'credentials-shut':
      return {
        code: 'not-possible',
        message:
          "The merchant's credentials can't be opened (their key is missing, or they were changed): enter them anew.",
      };
    case 'credentials-not-kept':
      return {
        code: 'not-possible',
        message: "Credentials can't be kept: the card process's log says what is wrong with card.kekFile or the disk.",
      };
    case 'no-such-gateway':
      return { code: 'not-possible', message: 'No payment service is set up.' };
    case 'limit-reached':
      return { code: 'too-many-tries', message: 'Too many tests at a time: try again in a moment.' };
    default:
      return DOWN;
  }
}
