import type { ProblemCode } from '@tonegate/api-schema';

/** What can go wrong with a request: the server's own codes, and those of the way there. */
export type ApiProblem = ProblemCode | 'unreachable';
