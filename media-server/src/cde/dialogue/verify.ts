import { oneTimeCode } from './one-time-code.ts';
import { ask, say, type ScriptLine, sendCode, verified } from './script.ts';

/** Proves by a one-time code that the person has their phone. */
export function verify(): readonly ScriptLine[] {
  return [say('opening-verify', 'pause'), sendCode, ask(oneTimeCode), verified];
}
