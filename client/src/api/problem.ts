import type { ProblemCode } from '@tonegate/api-schema';

/** What can go wrong with a request: the server's own codes, and those of the way there. */
export type ApiProblem = ProblemCode | 'unreachable';

/** A refusal with all that it says. */
export interface Refusal {
  readonly code: ApiProblem;
  /** What a payment service's test showed. */
  readonly reason: string | null;
  /** Names of the fields that don't fit. */
  readonly fields: readonly string[];
}
