import type { TrunkKeys } from '@tonegate/api-schema';

/** Calls with keys, or payments, that a verdict needs. */
const LEAST = 5;
/** Share of the calls with keys in which they came both ways, from which it is the trunk's way. */
const BOTH_SHARE = 0.2;

/** What a verdict rests on: calls by the way their keys came, payments and those without any key. */
export interface TrunkEvidence {
  readonly keyed: number;
  readonly infoOnly: number;
  readonly event: number;
  readonly tone: number;
  readonly both: number;
  readonly payments: number;
  readonly silent: number;
}

/** What a trunk does with keys, in a word; the worst that it does, where it does several things. */
export function verdictOf(trunk: TrunkEvidence): TrunkKeys['verdict'] {
  const { keyed, infoOnly, event, tone, both, payments, silent } = trunk;
  if (keyed >= LEAST && infoOnly * 2 >= keyed) return 'info-only';
  if (payments >= LEAST && silent * 2 > payments) return 'no-keys';
  if (keyed < LEAST) return 'too-few-calls';
  if (both >= keyed * BOTH_SHARE) return 'both-ways';
  return tone > event ? 'tones-only' : 'good';
}
