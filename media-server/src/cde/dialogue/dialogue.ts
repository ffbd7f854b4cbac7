import type { Brand, Field, PaymentResult, Step } from '../contract.ts';
import type { PromptName } from '../prompts/names.ts';
import {
  type Asking,
  clear,
  type FieldContext,
  keysOf,
  type Mistake,
  silenceDue,
  startAsking,
  takeKey,
  takeSilence,
  type Turn,
  waitingDue,
} from './ask.ts';
import { brandOf, SANDBOX_LENGTHS } from './brands.ts';
import { cardFields } from './card-fields.ts';
import { charge } from './charge.ts';
import { type DialogueInput, type DialogueOptions, type DialogueOutput, HASH } from './exchange.ts';
import { afterMistake, resultPrompts, type ScriptLine } from './say.ts';

export type { BrandLengths, DialogueInput, DialogueLimits, DialogueOptions, DialogueOutput } from './exchange.ts';
export type { CardFields } from './card-fields.ts';

const SCRIPTS = { charge } as const;

/** How often the customer hears that we are still checking, ms after the sentence's end. */
const WAITING_AGAIN_MS = 10_000;
/** A result's sentence is over after this even if nobody reports its end, ms: the wall mustn't stay shut for that. */
const TELLING_LIMIT_MS = 20_000;
/** Keys that come so soon after a result began are left over from the last field: nobody has heard it yet, ms. */
const LEFT_OVER_MS = 1500;

type Phase =
  | { readonly type: 'before' }
  | { readonly type: 'asking'; readonly line: number; readonly asking: Asking; waiting: boolean }
  | { readonly type: 'processing'; againAt: number | undefined; hungUp: boolean }
  | { readonly type: 'telling'; readonly result: PaymentResult; readonly since: number }
  | { readonly type: 'ended' };

/** One dialogue's state. Opaque: `step`, `wakeAt` and `wipe` are all there is. */
export interface Dialogue {
  readonly options: DialogueOptions;
  readonly script: readonly ScriptLine[];
  phase: Phase;
  /** When `begin` came, ms. */
  begun: number;
  playing: boolean;
  readonly mistakes: { [field in Field]?: { count: number; allSilent: boolean } };
  /** Fields that are done, until they are handed over. */
  readonly done: Map<Field, Buffer>;
  brand: Brand | undefined;
}

export function createDialogue(options: DialogueOptions): Dialogue {
  return {
    options,
    script: SCRIPTS[options.purpose](options),
    phase: { type: 'before' },
    begun: 0,
    playing: false,
    mistakes: {},
    done: new Map(),
    brand: undefined,
  };
}

/**
 * Takes one input at `now` (ms, monotonic), changes the dialogue and returns what to do, in order. What fell due before
 * `now` happens first, so it doesn't matter how late a timer fires. After `end` nothing is answered any more.
 */
export function step(dialogue: Dialogue, input: DialogueInput, now: number): DialogueOutput[] {
  const outputs: DialogueOutput[] = [];
  takeTime(dialogue, now, outputs);
  takeInput(dialogue, input, now, outputs);
  return outputs;
}

/** When an input of type `time` is due (ms, monotonic); ask again after every `step`. */
export function wakeAt(dialogue: Dialogue): number | undefined {
  const { phase, options } = dialogue;
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
      const due = silenceDue(phase.asking, context, options.limits) ?? Number.POSITIVE_INFINITY;
      const waiting = phase.waiting ? undefined : waitingDue(phase.asking, context, options.limits);
      return Math.min(due, waiting ?? Number.POSITIVE_INFINITY, dialogue.begun + options.limits.totalMs);
    }
  }
}

/** Zeroes every digit and ends the dialogue without a word. For whatever may happen; `end` has done it already. */
export function wipe(dialogue: Dialogue): void {
  wipeDigits(dialogue);
  dialogue.phase = { type: 'ended' };
}

function wipeDigits(dialogue: Dialogue): void {
  if (dialogue.phase.type === 'asking') clear(dialogue.phase.asking);
  for (const digits of dialogue.done.values()) digits.fill(0);
  dialogue.done.clear();
}

function takeTime(dialogue: Dialogue, now: number, outputs: DialogueOutput[]): void {
  const { phase, options } = dialogue;
  switch (phase.type) {
    case 'asking': {
      if (now >= dialogue.begun + options.limits.totalMs) {
        return tell(dialogue, { outcome: 'failed', reason: 'time-limit' }, now, outputs);
      }
      const context = contextOf(dialogue);
      takeTurn(dialogue, takeSilence(phase.asking, context, options.limits, now), now, outputs);
      if (dialogue.phase !== phase || phase.waiting) return;
      const waiting = waitingDue(phase.asking, context, options.limits);
      if (waiting !== undefined && now >= waiting) {
        phase.waiting = true;
        showProgress(dialogue, outputs);
      }
      return;
    }
    case 'processing':
      if (phase.againAt !== undefined && now >= phase.againAt) {
        phase.againAt = undefined;
        play(dialogue, ['waiting'], outputs);
      }
      return;
    case 'telling':
      if (now >= phase.since + TELLING_LIMIT_MS) end(dialogue, phase.result, outputs);
      return;
    case 'before':
    case 'ended':
      return;
  }
}

function takeInput(dialogue: Dialogue, input: DialogueInput, now: number, outputs: DialogueOutput[]): void {
  const { phase } = dialogue;
  if (phase.type === 'ended' || input.type === 'time') return;
  if (phase.type === 'telling') {
    // The result stands; what is left is a sentence, which a key cuts short like any other (but no belated #). Where a
    // half-keyed field was given up, the customer may still be keying the card: then they hear the sentence to its end.
    const keyingOn = phase.result.outcome === 'cancelled' || phase.result.outcome === 'failed';
    if (input.type === 'key' && (keyingOn || input.key === HASH || now < phase.since + LEFT_OVER_MS)) return;
    if (input.type === 'key' || input.type === 'hung-up' || input.type === 'cancel') stopPlaying(dialogue, outputs);
    if (input.type !== 'begin' && input.type !== 'result') end(dialogue, phase.result, outputs);
    return;
  }
  switch (input.type) {
    case 'begin':
      if (phase.type !== 'before') return;
      dialogue.begun = now;
      return goOn(dialogue, 0, outputs);
    case 'key':
      if (phase.type === 'asking') takePressed(dialogue, phase, input.key, now, outputs);
      return;
    case 'played':
      dialogue.playing = false;
      if (phase.type === 'asking') phase.asking.quietSince = now;
      if (phase.type === 'processing' && !phase.hungUp) phase.againAt = now + WAITING_AGAIN_MS;
      return;
    case 'cancel': {
      const result: PaymentResult = { outcome: 'cancelled', reason: 'by-agent' };
      // Who keys a number doesn't know of it: without a word the wall would open between two keys, and let the rest pass
      // as tones.
      if (phase.type === 'asking') return tell(dialogue, result, now, outputs);
      return phase.type === 'before' ? end(dialogue, result, outputs) : undefined;
    }
    case 'hung-up':
      stopPlaying(dialogue, outputs);
      if (phase.type !== 'processing') {
        return end(dialogue, { outcome: 'cancelled', reason: 'customer-hung-up' }, outputs);
      }
      phase.hungUp = true;
      phase.againAt = undefined;
      return;
    case 'result':
      if (phase.type === 'processing' && phase.hungUp) return end(dialogue, input.result, outputs);
      return tell(dialogue, input.result, now, outputs);
  }
}

function takePressed(
  dialogue: Dialogue,
  phase: Phase & { type: 'asking' },
  key: number,
  now: number,
  outputs: DialogueOutput[],
): void {
  if (!Number.isInteger(key) || key < 0 || key > HASH) return;
  // Many press # after a field that ended by itself; it must not cut the next question short.
  if (key === HASH && keysOf(phase.asking) === 0) return;
  stopPlaying(dialogue, outputs);
  const waited = phase.waiting;
  phase.waiting = false;
  const turn = takeKey(phase.asking, contextOf(dialogue), key, now);
  if (turn.type === 'nothing' && waited) showProgress(dialogue, outputs);
  takeTurn(dialogue, turn, now, outputs);
}

function takeTurn(dialogue: Dialogue, turn: Turn, now: number, outputs: DialogueOutput[]): void {
  const { phase } = dialogue;
  if (phase.type !== 'asking') return;
  switch (turn.type) {
    case 'nothing':
      return;
    case 'keyed':
      return showProgress(dialogue, outputs);
    case 'cleared':
      showProgress(dialogue, outputs);
      return play(dialogue, ['cleared'], outputs);
    case 'back-to-agent':
      return tell(dialogue, { outcome: 'cancelled', reason: 'by-customer' }, now, outputs);
    case 'mistake':
      return askAgain(dialogue, phase, turn.mistake, now, outputs);
    case 'done':
      keep(dialogue, phase.asking);
      return goOn(dialogue, phase.line + 1, outputs);
  }
}

/** Takes a field that is done out of the asking's buffer. */
function keep(dialogue: Dialogue, asking: Asking): void {
  const { name } = asking.rules;
  if (name === 'card-number') dialogue.brand = brandOf(asking.digits, asking.count);
  if (name !== 'confirmation') {
    const digits = Buffer.alloc(asking.count);
    asking.digits.copy(digits, 0, 0, asking.count);
    dialogue.done.set(name, digits);
  }
  clear(asking);
}

function askAgain(
  dialogue: Dialogue,
  phase: Phase & { type: 'asking' },
  mistake: Mistake,
  now: number,
  outputs: DialogueOutput[],
): void {
  const { mistakesPerField } = dialogue.options.limits;
  const { name } = phase.asking.rules;
  const before = dialogue.mistakes[name];
  const count = (before?.count ?? 0) + 1;
  const allSilent = mistake === 'silence' && (before?.allSilent ?? true);
  dialogue.mistakes[name] = { count, allSilent };
  clear(phase.asking);
  if (count >= mistakesPerField) {
    return tell(dialogue, { outcome: 'failed', reason: allSilent ? 'silence' : 'too-many-mistakes' }, now, outputs);
  }
  const { line, rules } =
    mistake === 'expired' ? cardNumberLine(dialogue) : { line: phase.line, rules: phase.asking.rules };
  const prompts = afterMistake(mistake, rules.ask(contextOf(dialogue)), count === mistakesPerField - 1);
  startLine(dialogue, line, rules, prompts, outputs);
}

/** An expired card is replaced by another one, so its number is forgotten and asked again. */
function cardNumberLine(dialogue: Dialogue): { line: number; rules: Asking['rules'] } {
  dialogue.done.get('card-number')?.fill(0);
  dialogue.done.delete('card-number');
  dialogue.brand = undefined;
  for (const [at, line] of dialogue.script.entries()) {
    if (line.type === 'ask' && line.rules.name === 'card-number') return { line: at, rules: line.rules };
  }
  throw new Error('An expiry was asked for without a card number');
}

/** Goes on with the script from `line`: says what is to be said and stops where something is asked or awaited. */
function goOn(dialogue: Dialogue, from: number, outputs: DialogueOutput[]): void {
  const said: PromptName[] = [];
  for (let at = from; ; at++) {
    const line = dialogue.script[at];
    if (!line) throw new Error('A script ends with its processing');
    if (line.type === 'say') said.push(...line.prompts);
    if (line.type === 'ask') {
      return startLine(dialogue, at, line.rules, [...said, ...line.rules.ask(contextOf(dialogue))], outputs);
    }
    if (line.type === 'process') return authorize(dialogue, outputs);
  }
}

function startLine(
  dialogue: Dialogue,
  line: number,
  rules: Asking['rules'],
  prompts: readonly PromptName[],
  outputs: DialogueOutput[],
): void {
  dialogue.phase = { type: 'asking', line, asking: startAsking(rules), waiting: false };
  showProgress(dialogue, outputs);
  play(dialogue, prompts, outputs);
}

function authorize(dialogue: Dialogue, outputs: DialogueOutput[]): void {
  const take = (field: Field): Buffer => {
    const digits = dialogue.done.get(field);
    if (!digits) throw new Error(`Nothing was keyed for ${field}`);
    dialogue.done.delete(field);
    return digits;
  };
  const card = cardFields(take('card-number'), take('expiry'), take('security-code'), dialogue.brand ?? 'other');
  dialogue.phase = { type: 'processing', againAt: undefined, hungUp: false };
  outputs.push({ type: 'authorize', card });
  showProgress(dialogue, outputs);
  // The pause first: a result that comes at once doesn't cut a sentence that has hardly begun.
  play(dialogue, ['pause', 'waiting'], outputs);
}

function tell(dialogue: Dialogue, result: PaymentResult, now: number, outputs: DialogueOutput[]): void {
  wipeDigits(dialogue);
  dialogue.phase = { type: 'telling', result, since: now };
  // Stopped first: the driver may hold the next sentence back until it is written that the customer is told.
  stopPlaying(dialogue, outputs);
  showProgress(dialogue, outputs);
  play(dialogue, resultPrompts(result), outputs);
  outputs.push({ type: 'telling', result });
}

function end(dialogue: Dialogue, result: PaymentResult, outputs: DialogueOutput[]): void {
  wipe(dialogue);
  outputs.push({ type: 'end', result });
}

function play(dialogue: Dialogue, prompts: readonly PromptName[], outputs: DialogueOutput[]): void {
  dialogue.playing = true;
  if (dialogue.phase.type === 'asking') dialogue.phase.asking.quietSince = undefined;
  outputs.push({ type: 'play', prompts });
}

function stopPlaying(dialogue: Dialogue, outputs: DialogueOutput[]): void {
  if (!dialogue.playing) return;
  dialogue.playing = false;
  outputs.push({ type: 'stop-playing' });
}

function showProgress(dialogue: Dialogue, outputs: DialogueOutput[]): void {
  const { phase } = dialogue;
  if (phase.type === 'asking') {
    const { rules, digits, count } = phase.asking;
    const of = rules.of(contextOf(dialogue), digits, count);
    outputs.push({
      type: 'progress',
      step: rules.name,
      keys: keysOf(phase.asking),
      ...(of === undefined ? {} : { of }),
      mistakes: dialogue.mistakes[rules.name]?.count ?? 0,
      waiting: phase.waiting,
    });
    return;
  }
  const stepName: Step = phase.type === 'telling' ? 'result' : 'processing';
  outputs.push({ type: 'progress', step: stepName, keys: 0, mistakes: 0, waiting: false });
}

function contextOf(dialogue: Dialogue): FieldContext {
  const { utcNow, lengths = SANDBOX_LENGTHS } = dialogue.options;
  return { utcNow, lengths, ...(dialogue.brand === undefined ? {} : { brand: dialogue.brand }) };
}
