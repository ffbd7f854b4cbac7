import type {
  AgentState,
  AskAgain,
  Call,
  CallCounts,
  DoMoney,
  Hint,
  KeyTest,
  ManualPage,
  Payment,
  ProblemCode,
  ResolveManual,
  ServerEvent,
  StartPayment,
} from '@tonegate/api-schema';
import type { z } from 'zod';
import type { Id } from '../shared/ids.ts';
import type { Problem, Result } from '../shared/result.ts';

/** On whose behalf something is asked: a signed-in person or a core system's key, and the merchants it may act for. */
export interface Who {
  readonly person?: Id;
  readonly apiKey?: Id;
  readonly merchants: readonly Id[];
}

export type CallResult<T> = Promise<Result<T, Problem<ProblemCode>>>;

/**
 * What the API needs of `calls/`. A call or payment that isn't there, or isn't the asker's, is `not-found` either way.
 * Listeners are called synchronously and must not throw.
 */
export interface CallControl {
  /** The agent's state and all calls that concern this person now. */
  snapshot(person: Id): { state: AgentState; calls: Call[] };
  /** Every change from now on; returns what ends it. */
  subscribe(person: Id, listener: (event: ServerEvent) => void): () => void;
  setState(person: Id, state: AgentState): void;
  /** Resolves when the call exists and rings at the agent; what becomes of it comes as events. */
  dial(person: Id, number: string, merchant: Id): CallResult<Call>;
  hold(person: Id, call: Id, on: boolean): CallResult<Call>;
  hangUp(person: Id, call: Id): CallResult<Call>;
  /** One of `0-9 * #` towards the customer. */
  sendKey(person: Id, call: Id, key: string): CallResult<void>;
  /** Asks the customer to press 1; resolves with what came of it, within half a minute. */
  testKeys(person: Id, call: Id): CallResult<KeyTest>;
  /** Packets of a running call at both valves. */
  counts(who: Who, call: Id): CallResult<CallCounts>;
  startPayment(who: Who, request: StartPayment): CallResult<Payment>;
  /** A payment that is running or was in a call that is; older ones are in the storage. */
  payment(id: Id): Payment | undefined;
  /** Of those: whether it was paid in this person's call or started by them. */
  isPaymentOf(person: Id, payment: Id): boolean;
  cancelPayment(who: Who, id: Id): CallResult<Payment>;
  acknowledge(who: Who, id: Id): CallResult<Payment>;
  askAgain(who: Who, id: Id, field: AskAgain['field']): CallResult<Payment>;
  hint(who: Who, id: Id, hint: Hint): CallResult<Payment>;
  moreTime(who: Who, id: Id): CallResult<Payment>;
  gentle(who: Who, id: Id, on: boolean): CallResult<Payment>;
  /** Captures, voids or refunds; resolves with the action, a payment of its own, when it has an outcome or after 10 s. */
  money(who: Who, id: Id, wanted: DoMoney): CallResult<Payment>;
  /** What look-ups couldn't settle, of the asker's merchants; and a person's word on one of them. */
  manual(who: Who): CallResult<z.infer<typeof ManualPage>>;
  resolveManual(who: Who, id: Id, as: ResolveManual['as']): CallResult<Payment>;
  /** The outcome of a payment whose call is long over was seen. False while the card process can't be told. */
  told(payment: Id, outcome: NonNullable<Payment['outcome']>): boolean;
}
