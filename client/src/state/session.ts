import type { Me } from '@tonegate/api-schema';
import type { ApiProblem } from '../api/problem.ts';

/**
 * checking: a cookie may still be good · signed-out · signed-in · replaced: another window has taken over, this one
 * does nothing until told to.
 */
export type Session =
  | { readonly phase: 'checking'; readonly problem: ApiProblem | null }
  | { readonly phase: 'signed-out'; readonly problem: ApiProblem | null; readonly sending: boolean }
  | { readonly phase: 'signed-in'; readonly me: Me }
  | { readonly phase: 'replaced'; readonly me: Me };
