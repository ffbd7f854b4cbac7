import type { CardRefusal } from '../contract.ts';
import {
  type Asking,
  clear,
  isUnfinished,
  judged,
  keysOf,
  type Mistake,
  takeKey,
  takeSilence,
  type Turn,
} from './ask.ts';
import { brandOf } from './brands.ts';
import { HASH } from './exchange.ts';
import { tell } from './finish.ts';
import { afterMistake } from './mistakes.ts';
import { CODE_TRIES, CODES_AGAIN, SENDING_MS } from './one-time-code.ts';
import {
  contextOf,
  type Dialogue,
  endsAt,
  GENTLE,
  type Moment,
  OTHER_CODE,
  REPEAT,
  timesOf,
  TO_AGENT,
} from './state.ts';
import { play, question, showProgress, stopPlaying } from './voice.ts';
import { forget, goOn, lineOf, startLine } from './walk.ts';

/** Gentle mode reads back how many keys a long field has after such a rest, ms. */
const COUNT_AFTER_MS = 2500;
const COUNT_FROM = 4;
/** How often a dialogue says that keys are wanted and no words. */
const SPOKEN_LIMIT = 3;

/** Takes a key while a field is asked. */
export function takePressed(moment: Moment, key: number): void {
  const { dialogue, now } = moment;
  const { phase } = dialogue;
  if (phase.type !== 'asking' || !Number.isInteger(key) || key < 0 || key > HASH) return;
  // Many press # after a field that ended by itself; it must not cut the next question short.
  if (key === HASH && keysOf(phase.asking) === 0) return;
  stopPlaying(moment);
  const shown = phase.waiting || phase.speaking;
  phase.waiting = false;
  phase.speaking = false;
  phase.longerMs = 0;
  const turn = takeKey(phase.asking, contextOf(dialogue), key, now);
  if (turn.type === 'nothing' && shown) showProgress(moment);
  takeTurn(moment, turn);
}

/** What the time until now means for the field that is asked. */
export function takeWaiting(moment: Moment): void {
  const { dialogue, now } = moment;
  const { phase } = dialogue;
  if (phase.type !== 'asking') return;
  if (now >= endsAt(dialogue)) return tell(moment, { outcome: 'failed', reason: 'time-limit' });
  const { wantedAt } = dialogue.code;
  if (wantedAt !== undefined && now >= wantedAt + SENDING_MS) return codeNotSent(moment);
  takeTurn(moment, takeSilence(phase.asking, contextOf(dialogue), timesOf(dialogue, phase), now));
  if (dialogue.phase !== phase) return;
  const countAt = countDue(dialogue);
  if (countAt !== undefined && now >= countAt) {
    phase.countSaid = phase.asking.count;
    return play(moment, dialogue.options.speech(dialogue.language).keys(phase.asking.count));
  }
}

/** When the count of keys is to be read back (ms). */
export function countDue(dialogue: Dialogue): number | undefined {
  const { phase, gentle } = dialogue;
  if (!gentle || phase.type !== 'asking') return undefined;
  const { asking, countSaid } = phase;
  const { rules, count, digits, quietSince, held } = asking;
  if (quietSince === undefined || held !== undefined || count < COUNT_FROM || count === countSaid) return undefined;
  const context = contextOf(dialogue);
  const long = rules.limit(context, digits, count) > COUNT_FROM;
  return long && isUnfinished(asking, context) ? quietSince + COUNT_AFTER_MS : undefined;
}

/** Does what came of a key, of a silence, or of a code that arrived. */
function takeTurn(moment: Moment, turn: Turn): void {
  const { dialogue } = moment;
  const { phase } = dialogue;
  if (phase.type !== 'asking') return;
  switch (turn.type) {
    case 'nothing':
      return;
    case 'keyed':
      return showProgress(moment);
    case 'cleared':
      phase.countSaid = 0;
      showProgress(moment);
      return play(moment, ['cleared']);
    case 'command':
      return takeCommand(moment, turn.key);
    case 'mistake':
      return takeMistake(moment, turn.mistake);
    case 'done':
      keep(dialogue, phase.asking);
      dialogue.past.add(phase.line);
      return goOn(moment);
  }
}

function takeCommand(moment: Moment, key: number): void {
  const { dialogue, outputs, now } = moment;
  switch (key) {
    case TO_AGENT:
      return tell(moment, { outcome: 'cancelled', reason: 'by-customer' });
    case REPEAT:
      showProgress(moment);
      return play(moment, question(moment));
    case GENTLE:
      dialogue.gentle = true;
      showProgress(moment);
      return play(moment, question(moment, 'gentle-on'));
    case OTHER_CODE: {
      const { code } = dialogue;
      showProgress(moment);
      // One is on its way already.
      if (code.wantedAt !== undefined) return play(moment, ['sending-code']);
      if (code.again >= CODES_AGAIN) return play(moment, question(moment, 'no-other-code'));
      code.again++;
      code.wantedAt = now;
      outputs.push({ type: 'code-wanted', again: true });
      return play(moment, ['sending-code']);
    }
  }
}

/** Takes a field that is done out of the asking's buffer. */
function keep(dialogue: Dialogue, asking: Asking): void {
  const { rules, digits, count } = asking;
  switch (rules.name) {
    case 'confirmation':
    case 'one-time-code':
      break;
    case 'language':
      dialogue.language = dialogue.options.languages?.[(digits[0] ?? 0) - 1] ?? dialogue.language;
      break;
    case 'card-number':
      dialogue.brand = brandOf(digits, count);
      dialogue.cardRefused = undefined;
      keepDigits(dialogue, asking);
      break;
    case 'expiry':
    case 'security-code':
      keepDigits(dialogue, asking);
  }
  clear(asking);
  dialogue.digits.wipe(digits);
}

function keepDigits({ done, digits: buffers }: Dialogue, { rules, digits, count }: Asking): void {
  const kept = buffers.make(count);
  digits.copy(kept, 0, 0, count);
  done.set(rules.name, kept);
}

function takeMistake(moment: Moment, mistake: Mistake): void {
  const { dialogue } = moment;
  const { phase, options, code } = dialogue;
  if (phase.type !== 'asking') return;
  const { mistakesPerField } = options.limits;
  const { name } = phase.asking.rules;
  const before = dialogue.mistakes[name];
  const count = (before?.count ?? 0) + 1;
  const allSilent = mistake === 'silence' && (before?.allSilent ?? true);
  dialogue.mistakes[name] = { count, allSilent };
  clear(phase.asking);
  dialogue.cardRefused = isAboutThisCard(mistake) ? mistake : undefined;
  if (mistake === 'code-wrong') code.wrong++;
  const over = count >= mistakesPerField || code.wrong >= CODE_TRIES;
  if (name === 'language' && (mistake === 'silence' || over)) {
    dialogue.past.add(phase.line);
    return goOn(moment);
  }
  if (over) {
    const tellsMore = mistake === 'code-wrong' || mistake === 'code-expired' || isAboutThisCard(mistake);
    const about = tellsMore ? mistake : 'too-many-mistakes';
    return tell(moment, { outcome: 'failed', reason: allSilent ? 'silence' : about });
  }
  // An expired card is replaced by another one, so its number is forgotten and asked again.
  if (mistake === 'expired') forget(dialogue, 'card-number');
  const asked =
    mistake === 'expired' ? lineOf(dialogue, 'card-number') : { line: phase.line, rules: phase.asking.rules };
  if (!asked) throw new Error('An expiry was asked for without a card number');
  const prompts = afterMistake(mistake, {
    question: asked.rules.ask(contextOf(dialogue)),
    lastTry: count === mistakesPerField - 1 || code.wrong === CODE_TRIES - 1,
    gentle: dialogue.gentle,
    otherCode: name === 'one-time-code' && code.again < CODES_AGAIN,
  });
  startLine(moment, asked.line, prompts);
}

function isAboutThisCard(mistake: Mistake): mistake is CardRefusal {
  return mistake === 'brand-refused' || mistake === 'number-too-long';
}

/** A one-time code was sent: what was keyed meanwhile may be it. */
export function codeArrived(moment: Moment, again: boolean): void {
  const { dialogue } = moment;
  const { phase } = dialogue;
  if (phase.type !== 'asking' || phase.asking.rules.name !== 'one-time-code') return;
  if (keysOf(phase.asking) > 0) return takeTurn(moment, judged(phase.asking, contextOf(dialogue)));
  showProgress(moment);
  play(moment, again ? question(moment, 'code-sent-again') : question(moment));
}

/** No code was sent. An earlier one that came is asked for on. */
export function codeNotSent(moment: Moment, why: 'not-sent' | 'limit' | 'too-soon' = 'not-sent'): void {
  const { dialogue } = moment;
  dialogue.code.wantedAt = undefined;
  if (dialogue.code.sent === undefined) return tell(moment, { outcome: 'failed', reason: 'code-not-sent' });
  if (dialogue.phase.type !== 'asking') return;
  showProgress(moment);
  play(moment, question(moment, why === 'too-soon' ? 'code-too-soon' : 'no-other-code'));
}

/** The customer speaks instead of keying: the agent is shown it, and the guide says what to do, a few times. */
export function takeSpeech(moment: Moment): void {
  const { dialogue } = moment;
  const { phase } = dialogue;
  if (phase.type !== 'asking' || phase.asking.rules.awaits?.(contextOf(dialogue))) return;
  const { playing } = dialogue;
  if (!phase.speaking) {
    phase.speaking = true;
    showProgress(moment);
  }
  if (playing || dialogue.spoken >= SPOKEN_LIMIT) return;
  dialogue.spoken++;
  play(moment, keysOf(phase.asking) === 0 ? question(moment, 'use-keypad') : ['use-keypad']);
}
