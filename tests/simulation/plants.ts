/** Faults that are planted one at a time: with each of them the simulation has to find something wrong. */
export const PLANTS = [
  'repeat-instead-of-look-up',
  'told-before-commit',
  'reversal-without-key',
  'first-absent-believed',
  'sent-before-intent-is-durable',
  'reversal-after-told',
  'refund-above-captured',
  'second-beside-unknown',
] as const;
export type Plant = (typeof PLANTS)[number];
