import type { Field } from '../contract.ts';
import { type FieldRules, startAsking } from './ask.ts';
import { LONGEST_NUMBER } from './brands.ts';
import { cardFields } from './card-fields.ts';
import type { Phrase } from './exchange.ts';
import { tell } from './finish.ts';
import { contextOf, type Dialogue, type Moment } from './state.ts';
import { play, showProgress } from './voice.ts';

/** Goes on with the script's first line that isn't past: says what is to be said and stops where something is awaited. */
export function goOn(moment: Moment): void {
  const { dialogue, outputs, now } = moment;
  const said: Phrase[] = [];
  for (const [at, line] of dialogue.script.entries()) {
    if (dialogue.past.has(at)) continue;
    switch (line.type) {
      case 'say':
        dialogue.past.add(at);
        said.push(...line.prompts);
        break;
      case 'send-code':
        dialogue.past.add(at);
        dialogue.code.wantedAt = now;
        outputs.push({ type: 'code-wanted', again: false });
        break;
      case 'ask':
        return startLine(moment, at, [...said, ...line.rules.ask(contextOf(dialogue))]);
      case 'process':
        return startProcessing(moment, line.what);
      case 'verified':
        return tell(moment, { outcome: 'approved', reason: 'none' });
    }
  }
  throw new Error('A script ends with its processing');
}

/** Asks the field of a line. */
export function startLine(moment: Moment, line: number, prompts: readonly Phrase[]): void {
  const { dialogue } = moment;
  const script = dialogue.script[line];
  if (script?.type !== 'ask') throw new Error(`Line ${line} of the script asks nothing`);
  if (dialogue.phase.type === 'asking') dialogue.digits.wipe(dialogue.phase.asking.digits);
  const asking = startAsking(script.rules, dialogue.digits.make(LONGEST_NUMBER));
  dialogue.phase = { type: 'asking', line, asking, waiting: false, speaking: false, longerMs: 0, countSaid: 0 };
  showProgress(moment);
  play(moment, prompts);
}

/** Where a field is asked, with its rules; undefined where this script doesn't ask it. */
export function lineOf({ script }: Dialogue, field: Field): { line: number; rules: FieldRules } | undefined {
  for (const [at, line] of script.entries()) {
    if (line.type === 'ask' && line.rules.name === field) return { line: at, rules: line.rules };
  }
  return undefined;
}

/** Forgets a field that was done, and the bytes with it: it is to be asked again. */
export function forget(dialogue: Dialogue, field: Field): void {
  const digits = dialogue.done.get(field);
  if (digits) dialogue.digits.wipe(digits);
  dialogue.done.delete(field);
  const asked = lineOf(dialogue, field);
  if (asked) dialogue.past.delete(asked.line);
  if (field === 'card-number') dialogue.brand = undefined;
}

function startProcessing(moment: Moment, what: 'card' | 'stored-card'): void {
  const { dialogue, outputs } = moment;
  if (what === 'card') {
    const take = (field: Field): Buffer => {
      const digits = dialogue.done.get(field);
      if (!digits) throw new Error(`Nothing was keyed for ${field}`);
      dialogue.done.delete(field);
      dialogue.digits.handOver(digits);
      return digits;
    };
    const card = cardFields(take('card-number'), take('expiry'), take('security-code'), dialogue.brand ?? 'other');
    outputs.push({ type: 'authorize', card });
  } else {
    outputs.push({ type: 'charge-stored' });
  }
  dialogue.phase = { type: 'processing', againAt: undefined, hungUp: false };
  showProgress(moment);
  // The pause first: a result that comes at once doesn't cut a sentence that has hardly begun.
  play(moment, ['pause', 'waiting']);
}
