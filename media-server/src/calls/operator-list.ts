import type { ProblemCode } from '@tonegate/api-schema';
import type { FromCard, ManualAttempt, Resolution } from '../card-link/contract.ts';
import type { Clock } from '../shared/clock.ts';
import type { Id } from '../shared/ids.ts';
import { err, ok, type Problem, type Result } from '../shared/result.ts';
import type { Answer } from './asker.ts';
import type { CardCommands } from './customer-gate.ts';
import { refusalProblem } from './refusal.ts';

/** What look-ups couldn't settle; `more`: how many there are beyond these. */
export interface ManualList {
  readonly attempts: ManualAttempt[];
  readonly more: number;
}

/** How long the card process may take, ms. */
const ANSWER_LIMIT_MS = 5000;

/** Attempts whose gateway never answered: a person looks into the gateway's own books and says what became of them. */
export class OperatorList {
  readonly #link: CardCommands;
  readonly #clock: Clock;
  /** Lists that are awaited; answers come in order. */
  readonly #listing: ((answer: Result<ManualList, Problem<ProblemCode>>) => void)[] = [];
  readonly #resolving = new Map<Id, (answer: Result<void, Problem<ProblemCode>>) => void>();

  constructor(link: CardCommands, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  list(): Answer<ManualList> {
    if (!this.#link.send({ type: 'manual-list' })) return Promise.resolve(err(refusalProblem('card-process-down')));
    return new Promise((resolve) => this.#listing.push(resolve));
  }

  /** Resolves when it is settled so, or when a look-up was asked for; what that brings comes as news of the payment. */
  resolve(payment: Id, as: Resolution): Answer<void> {
    if (this.#resolving.has(payment)) {
      return Promise.resolve(err({ code: 'already-ended', message: 'somebody else is settling it at this moment' }));
    }
    if (!this.#link.send({ type: 'manual-resolve', payment, as })) {
      return Promise.resolve(err(refusalProblem('card-process-down')));
    }
    return new Promise((resolve) => {
      const late = () =>
        as === 'look-up'
          ? ok(undefined)
          : err<Problem<ProblemCode>>({ code: 'server-error', message: 'no answer yet' });
      const stop = this.#clock.after(ANSWER_LIMIT_MS, () => this.#resolving.get(payment)?.(late()));
      this.#resolving.set(payment, (answer) => {
        this.#resolving.delete(payment);
        stop();
        resolve(answer);
      });
    });
  }

  /** Takes in an answer. What a payment settled to is news for others, too. */
  heard(message: FromCard): void {
    if (message.type === 'manual') this.#listing.shift()?.(ok({ attempts: message.attempts, more: message.more }));
    else if (message.type === 'settled') this.#resolving.get(message.payment)?.(ok(undefined));
    else if (message.type === 'refused' && message.command === 'manual-list') {
      this.#listing.shift()?.(err(refusalProblem(message.why)));
    } else if (message.type === 'refused' && message.command === 'manual-resolve' && message.payment !== undefined) {
      this.#resolving.get(message.payment)?.(err(refusalProblem(message.why)));
    }
  }

  cardDown(): void {
    const down = err(refusalProblem('card-process-down'));
    for (const answer of this.#listing.splice(0)) answer(down);
    for (const answer of [...this.#resolving.values()]) answer(down);
  }
}
