import { encodeSample, type Law, LINEAR } from './g711.ts';

/**
 * The sum of up to four G.711 sounds of equal length, saturated, written to `into` at `offset`. One input alone is
 * passed on bit for bit.
 */
export function mix(law: Law, inputs: readonly Uint8Array[], into: Uint8Array, offset: number): void {
  const first = inputs[0];
  if (!first) throw new Error('nothing to mix');
  if (inputs.length === 1) {
    into.set(first, offset);
    return;
  }
  const linear = LINEAR[law];
  for (let i = 0; i < first.length; i++) {
    let sum = 0;
    for (const input of inputs) sum += linear[input[i] as number] as number;
    into[offset + i] = encodeSample(law, sum);
  }
}
