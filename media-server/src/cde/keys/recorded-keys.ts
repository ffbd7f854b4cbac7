import { SILENCE } from '../../rtp/g711.ts';
import { ToneDetector } from './tone-detector.ts';

/** Bytes of a packet of 20 ms, as a call would bring them. */
const PACKET = 160;
/** Packets of silence after which the last key is certain. */
const AFTER = 10;

/** How many keys are heard in a recording of µ-law at 8000 Hz. */
export function keysIn(ulaw: Uint8Array): number {
  const detector = new ToneDetector('PCMU');
  let keys = 0;
  for (let at = 0; at < ulaw.length; at += PACKET) {
    keys += detector.push(ulaw, at, Math.min(ulaw.length, at + PACKET)).length;
  }
  const silence = new Uint8Array(PACKET).fill(SILENCE.PCMU);
  for (let packet = 0; packet < AFTER; packet++) keys += detector.push(silence, 0, PACKET).length;
  return keys;
}
