import type { DialogueInput, DialogueOptions, DialogueOutput } from './exchange.ts';

export { HASH, STAR } from './exchange.ts';
export type { BrandLengths, DialogueInput, DialogueLimits, DialogueOptions, DialogueOutput } from './exchange.ts';
export type { CardFields } from './card-fields.ts';

/** One dialogue's state. Opaque: `step`, `wakeAt` and `wipe` are all there is. */
export interface Dialogue {
  readonly options: DialogueOptions;
}

export function createDialogue(options: DialogueOptions): Dialogue {
  return { options };
}

/** Takes one input at `now` (ms, monotonic), changes the dialogue and returns what to do, in order. */
export function step(_dialogue: Dialogue, _input: DialogueInput, _now: number): DialogueOutput[] {
  return [];
}

/** When an input of type `time` is due (ms, monotonic); ask again after every `step`. */
export function wakeAt(_dialogue: Dialogue): number | undefined {
  return undefined;
}

/** Zeroes every digit and ends the dialogue without a word. For whatever may happen; `end` has done it already. */
export function wipe(_dialogue: Dialogue): void {}
