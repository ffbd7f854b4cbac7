import { type PromptName } from '../prompts/names.ts';
import { keysOf } from './ask.ts';
import type { Phrase } from './exchange.ts';
import { contextOf, type Moment } from './state.ts';

/** Plays sentences instead of what plays; the silence counts from their end. */
export function play({ dialogue, outputs }: Moment, prompts: readonly Phrase[]): void {
  dialogue.playing = true;
  if (dialogue.phase.type === 'asking') dialogue.phase.asking.quietSince = undefined;
  outputs.push({ type: 'play', prompts, language: dialogue.language, pace: dialogue.gentle ? 'slow' : 'normal' });
}

export function stopPlaying({ dialogue, outputs }: Moment): void {
  if (!dialogue.playing) return;
  dialogue.playing = false;
  outputs.push({ type: 'stop-playing' });
}

/** Shows the agent where the customer is: words and counts. */
export function showProgress({ dialogue, outputs }: Moment): void {
  const { phase, declined, gentle, language, cardRefused } = dialogue;
  const always = { type: 'progress', declined, gentle, language } as const;
  if (phase.type !== 'asking') {
    const step = phase.type === 'telling' ? 'result' : 'processing';
    outputs.push({ ...always, step, keys: 0, mistakes: 0, waiting: false, speaking: false });
    return;
  }
  const { asking, waiting, speaking } = phase;
  const { rules, digits, count } = asking;
  const context = contextOf(dialogue);
  const of = rules.of(context, digits, count);
  outputs.push({
    ...always,
    step: rules.awaits?.(context) ? 'sending-code' : rules.name,
    keys: keysOf(asking),
    ...(of === undefined ? {} : { of }),
    mistakes: dialogue.mistakes[rules.name]?.count ?? 0,
    ...(cardRefused && { cardRefused }),
    waiting,
    speaking,
  });
}

/** The running field's question, after other sentences. */
export function question({ dialogue }: Moment, ...before: PromptName[]): readonly Phrase[] {
  const { phase } = dialogue;
  if (phase.type !== 'asking') return before;
  return [...before.flatMap((prompt) => [prompt, 'pause'] as const), ...phase.asking.rules.ask(contextOf(dialogue))];
}
