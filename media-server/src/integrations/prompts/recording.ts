import type { Problem } from '../../shared/result.ts';

/** A sound as its file has it: one array for each channel, −1 … 1. */
export interface Recording {
  readonly rate: number;
  readonly channels: readonly Float32Array[];
}

/** Longest sound that is taken, s. */
export const LONGEST_S = 30;
export const RATE_LEAST = 8000;
export const RATE_MOST = 96_000;
export const CHANNELS_MOST = 2;

/** What is wrong with a sound that was sent, in words for whoever sent it. */
export type Unfit = Problem<'sound-unfit'>;

export function unfit(message: string): { readonly ok: false; readonly error: Unfit } {
  return { ok: false, error: { code: 'sound-unfit', message } };
}
