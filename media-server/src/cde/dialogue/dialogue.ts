import type { PaymentResult, Purpose } from '../contract.ts';
import { tryAnotherCard } from './another-card.ts';
import { silenceDue, waitingDue } from './ask.ts';
import { authorize } from './authorize.ts';
import { cardUpdate } from './card-update.ts';
import { charge } from './charge.ts';
import { chooseLanguage } from './choose-language.ts';
import { type DialogueInput, type DialogueOptions, type DialogueOutput, HASH } from './exchange.ts';
import { end, tell } from './finish.ts';
import { takeHelp } from './help.ts';
import { codeSent, SENDING_MS } from './one-time-code.ts';
import { ask, type ScriptLine } from './script.ts';
import { contextOf, type Dialogue, endsAt, type Moment, newDialogue, timesOf } from './state.ts';
import { storedCharge } from './stored-charge.ts';
import { codeArrived, codeNotSent, countDue, takePressed, takeSpeech, takeWaiting } from './turns.ts';
import { verify } from './verify.ts';
import { play, showProgress, stopPlaying } from './voice.ts';
import { goOn } from './walk.ts';

export type {
  BrandLengths,
  DialogueInput,
  DialogueLimits,
  DialogueOptions,
  DialogueOutput,
  HelpInput,
  Phrase,
} from './exchange.ts';
export type { CardFields } from './card-fields.ts';
export type { Dialogue } from './state.ts';
export { wipe } from './finish.ts';

const SCRIPTS: { readonly [purpose in Purpose]: (options: DialogueOptions) => readonly ScriptLine[] } = {
  charge,
  authorize,
  'card-update': cardUpdate,
  'stored-charge': storedCharge,
  verify,
};

/** How often the customer hears that we are still checking, ms after the sentence's end. */
const WAITING_AGAIN_MS = 10_000;
/** A result's sentence is over after this even if nobody reports its end, ms: the wall mustn't stay shut for that. */
const TELLING_LIMIT_MS = 20_000;
/** Keys that come so soon after a result began are left over from the last field: nobody has heard it yet, ms. */
const LEFT_OVER_MS = 1500;

export function createDialogue(options: DialogueOptions): Dialogue {
  const script = SCRIPTS[options.purpose](options);
  return newDialogue(options, options.languages ? [ask(chooseLanguage(options.languages)), ...script] : script);
}

/**
 * Takes one input at `now` (ms, monotonic), changes the dialogue and returns what to do, in order. What fell due before
 * `now` happens first, so it doesn't matter how late a timer fires. After `end` nothing is answered any more.
 */
export function step(dialogue: Dialogue, input: DialogueInput, now: number): DialogueOutput[] {
  dialogue.now = now;
  const moment: Moment = { dialogue, now, outputs: [] };
  takeTime(moment);
  takeInput(moment, input);
  return moment.outputs;
}

/** When an input of type `time` is due (ms, monotonic); ask again after every `step`. */
export function wakeAt(dialogue: Dialogue): number | undefined {
  const { phase, code } = dialogue;
  switch (phase.type) {
    case 'before':
    case 'ended':
      return undefined;
    case 'processing':
      return phase.againAt;
    case 'telling':
      return phase.since + TELLING_LIMIT_MS;
    case 'asking': {
      const context = contextOf(dialogue);
      const times = timesOf(dialogue, phase);
      const never = Number.POSITIVE_INFINITY;
      return Math.min(
        endsAt(dialogue),
        silenceDue(phase.asking, context, times) ?? never,
        (phase.waiting ? undefined : waitingDue(phase.asking, context, times)) ?? never,
        countDue(dialogue) ?? never,
        code.wantedAt === undefined ? never : code.wantedAt + SENDING_MS,
      );
    }
  }
}

function takeTime(moment: Moment): void {
  const { dialogue, now } = moment;
  const { phase } = dialogue;
  switch (phase.type) {
    case 'asking': {
      takeWaiting(moment);
      if (dialogue.phase !== phase || phase.waiting) return;
      const waiting = waitingDue(phase.asking, contextOf(dialogue), timesOf(dialogue, phase));
      if (waiting !== undefined && now >= waiting) {
        phase.waiting = true;
        showProgress(moment);
      }
      return;
    }
    case 'processing':
      if (phase.againAt !== undefined && now >= phase.againAt) {
        phase.againAt = undefined;
        play(moment, ['waiting']);
      }
      return;
    case 'telling':
      if (now >= phase.since + TELLING_LIMIT_MS) end(moment, phase.result);
      return;
    case 'before':
    case 'ended':
      return;
  }
}

function takeInput(moment: Moment, input: DialogueInput): void {
  const { dialogue, now } = moment;
  const { phase } = dialogue;
  if (phase.type === 'ended') return;
  switch (input.type) {
    case 'time':
      return;
    case 'ask-again':
    case 'hint':
    case 'more-time':
    case 'gentle':
      return takeHelp(moment, input);
  }
  if (phase.type === 'telling') return takeWhileTelling(moment, phase, input);
  switch (input.type) {
    case 'begin':
      if (phase.type !== 'before') return;
      dialogue.begun = now;
      return goOn(moment);
    case 'key':
      return takePressed(moment, input.key);
    case 'speech':
      return takeSpeech(moment);
    case 'played':
      dialogue.playing = false;
      if (phase.type === 'asking') phase.asking.quietSince = now;
      if (phase.type === 'processing' && !phase.hungUp) phase.againAt = now + WAITING_AGAIN_MS;
      return;
    case 'cancel':
      return giveUp(moment, { outcome: 'cancelled', reason: 'by-agent' });
    case 'no-keys':
      return giveUp(moment, { outcome: 'failed', reason: 'no-keys-possible' });
    case 'code-digest': {
      const { code } = dialogue;
      if (phase.type !== 'asking' || code.wantedAt === undefined) return;
      const again = code.again > 0;
      codeSent(code, input.salt, input.digest, now + input.validMs);
      return codeArrived(moment, again);
    }
    case 'code-refused':
      if (dialogue.code.wantedAt === undefined) return;
      return codeNotSent(moment, input.why);
    case 'hung-up':
      stopPlaying(moment);
      if (phase.type !== 'processing') return end(moment, { outcome: 'cancelled', reason: 'customer-hung-up' });
      phase.hungUp = true;
      phase.againAt = undefined;
      return;
    case 'result':
      if (phase.type !== 'processing') return;
      if (phase.hungUp) return end(moment, input.result);
      if (!tryAnotherCard(moment, input.result)) tell(moment, input.result);
      return;
  }
}

/** Nothing is asked any more, unless the card is at the gateway already. */
function giveUp(moment: Moment, result: PaymentResult): void {
  const { phase } = moment.dialogue;
  // Who keys a number doesn't know of it: without a word the wall would open between two keys, and let the rest pass
  // as tones.
  if (phase.type === 'asking') return tell(moment, result);
  if (phase.type === 'before') end(moment, result);
}

function takeWhileTelling(moment: Moment, phase: Dialogue['phase'] & { type: 'telling' }, input: DialogueInput): void {
  switch (input.type) {
    // The result stands; what is left is a sentence, which a key cuts short like any other (but no belated #). Where a
    // half-keyed field was given up, the customer may still be keying the card: then they hear the sentence to its end.
    case 'key':
      if (phase.uncut || input.key === HASH || moment.now < phase.since + LEFT_OVER_MS) return;
      stopPlaying(moment);
      return end(moment, phase.result);
    case 'hung-up':
    case 'cancel':
      stopPlaying(moment);
      return end(moment, phase.result);
    case 'played':
      return end(moment, phase.result);
  }
}
