import type { FieldAgain, Hint, Refusal } from '../contract.ts';
import { securityCodeLength } from './brands.ts';
import { clear } from './ask.ts';
import type { HelpInput } from './exchange.ts';
import { contextOf, type Moment } from './state.ts';
import { play, question, showProgress } from './voice.ts';
import { forget, lineOf, startLine } from './walk.ts';

/** The agent helps, or hears why that can't be. */
export function takeHelp(moment: Moment, input: HelpInput): void {
  const why = help(moment, input);
  if (why) moment.outputs.push({ type: 'refused', command: input.type, why });
}

function help(moment: Moment, input: HelpInput): Refusal | undefined {
  const { dialogue } = moment;
  const { phase } = dialogue;
  if (phase.type === 'before' && input.type === 'gentle') {
    dialogue.gentle = input.on;
    return undefined;
  }
  if (phase.type === 'before') return 'not-possible';
  if (phase.type !== 'asking') return 'too-late';
  switch (input.type) {
    case 'ask-again':
      return askAgain(moment, input.field);
    case 'hint':
      return hint(moment, input.hint);
    case 'more-time':
      return moreTime(moment);
    case 'gentle':
      dialogue.gentle = input.on;
      showProgress(moment);
      return undefined;
  }
}

function askAgain(moment: Moment, field: FieldAgain): Refusal | undefined {
  const { dialogue } = moment;
  const { phase } = dialogue;
  const asked = lineOf(dialogue, field);
  if (phase.type !== 'asking' || !asked || asked.line > phase.line) return 'not-possible';
  clear(phase.asking);
  forget(dialogue, field);
  // A person helps now: what went wrong before isn't held against the customer.
  delete dialogue.mistakes[field];
  startLine(moment, asked.line, ['ask-again', 'pause', ...asked.rules.ask(contextOf(dialogue))]);
  return undefined;
}

function hint(moment: Moment, name: Hint): Refusal | undefined {
  const { dialogue } = moment;
  const { phase } = dialogue;
  if (phase.type !== 'asking') return 'too-late';
  const front = name === 'code-on-back' && securityCodeLength(dialogue.brand ?? 'other') === 4;
  const prompt = front ? 'code-on-front' : name;
  // A question that the hint cuts short is asked again after it.
  const unheard = dialogue.playing && phase.asking.count === 0;
  play(moment, unheard ? question(moment, prompt) : [prompt]);
  return undefined;
}

function moreTime(moment: Moment): Refusal | undefined {
  const { dialogue } = moment;
  const { phase } = dialogue;
  const { moreTimeMs, moreTimes } = dialogue.options.limits;
  if (phase.type !== 'asking') return 'too-late';
  if (dialogue.longerTimes >= moreTimes) return 'limit-reached';
  dialogue.longerTimes++;
  dialogue.longerMs += moreTimeMs;
  phase.longerMs += moreTimeMs;
  phase.waiting = false;
  showProgress(moment);
  return undefined;
}
