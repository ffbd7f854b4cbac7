import type { PaymentResult } from '../contract.ts';
import { clear } from './ask.ts';
import { forgetCode } from './one-time-code.ts';
import { resultPrompts } from './results.ts';
import type { Dialogue, Moment } from './state.ts';
import { play, showProgress, stopPlaying } from './voice.ts';

/** Tells the customer how it ended. A dialogue that gives up after a declined card ends with that decline. */
export function tell(moment: Moment, result: PaymentResult): void {
  const { dialogue, now, outputs } = moment;
  wipeDigits(dialogue);
  const conclusion = concluded(dialogue, result);
  const uncut = result.outcome === 'cancelled' || result.outcome === 'failed';
  dialogue.phase = { type: 'telling', result: conclusion, since: now, uncut };
  // Stopped first: the driver may hold the next sentence back until it is written that the customer is told.
  stopPlaying(moment);
  showProgress(moment);
  play(moment, resultPrompts(result, dialogue.options.purpose));
  outputs.push({ type: 'telling', result: conclusion });
}

/** Ends without a word. */
export function end({ dialogue, outputs }: Moment, result: PaymentResult): void {
  const conclusion = concluded(dialogue, result);
  wipe(dialogue);
  outputs.push({ type: 'end', result: conclusion });
}

/** Zeroes every digit and ends the dialogue without a word. For whatever may happen; `end` has done it already. */
export function wipe(dialogue: Dialogue): void {
  wipeDigits(dialogue);
  dialogue.phase = { type: 'ended' };
}

function wipeDigits({ phase, done, digits, code }: Dialogue): void {
  if (phase.type === 'asking') clear(phase.asking);
  digits.wipeAll();
  done.clear();
  forgetCode(code);
}

function concluded({ decline }: Dialogue, result: PaymentResult): PaymentResult {
  return decline && (result.outcome === 'cancelled' || result.outcome === 'failed') ? decline : result;
}
