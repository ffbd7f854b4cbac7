import type { ProblemCode } from '@tonegate/api-schema';
import type { Id } from '../shared/ids.ts';
import { err, type Problem, type Result } from '../shared/result.ts';

/** On whose behalf something is asked: a person, or a core system's key, and the merchants that they may act for. */
export interface Asker {
  readonly person?: Id;
  readonly apiKey?: Id;
  readonly merchants: readonly Id[];
}

export type Answer<T> = Promise<Result<T, Problem<ProblemCode>>>;

/** Whether a call is the asker's: a person's own, a key's merchant's. */
export function isTheirs(
  who: Asker,
  call: { readonly person: Id | undefined; readonly merchant: { readonly id: Id } },
): boolean {
  return who.person !== undefined ? call.person === who.person : who.merchants.includes(call.merchant.id);
}

/** Isn't there, or isn't theirs: nobody is told which. */
export function notFound(what: string): { ok: false; error: Problem<ProblemCode> } {
  return err({ code: 'not-found', message: `no such ${what}, or it is not yours` });
}
