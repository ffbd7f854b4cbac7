import type { Language } from '../card-link/contract.ts';
import type { Id } from '../shared/ids.ts';
import type { Problem, Result } from '../shared/result.ts';

/** Whose phone a one-time code is to go to, and on whose behalf. */
export interface CodeRequest {
  readonly payment: Id;
  readonly merchant: Id;
  /** The merchant's own name of the customer: the number stands in their record. */
  readonly member?: string | undefined;
  /** The number that came with the order, E.164; it goes before the record's. */
  readonly phone?: string | undefined;
  /** The agent who started the payment; absent: an API client did. */
  readonly person?: Id | undefined;
  readonly apiKey?: Id | undefined;
  readonly language: Language;
}

/** Fields of the commands `code-digest` and `code-refused`. */
export type CodeAnswer =
  | { readonly salt: string; readonly digest: string; readonly validMs: number }
  | { readonly refused: 'not-sent' | 'limit' | 'too-soon' };

/** Why no code can be sent, as far as it is known before the payment. */
export type CodeProblem = Problem<'phone-missing' | 'not-allowed' | 'not-possible' | 'code-limit'>;

/** Makes one-time codes and sends them. What it hands back proves a code and doesn't hold it. */
export interface CodeMaker {
  /** Before a payment with a code begins: is there a number, may this asker name it, is the day's limit not reached? */
  check(request: Omit<CodeRequest, 'payment'>): Promise<Result<void, CodeProblem>>;
  /**
   * Makes a code, sends it and forgets it. Answers within 25 s and never rejects. A later code takes the place of the
   * earlier one.
   */
  make(request: CodeRequest): Promise<CodeAnswer>;
}
