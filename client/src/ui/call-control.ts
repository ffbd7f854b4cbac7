import type { Call } from '@tonegate/api-schema';

/** What the agent can do with a call now. */
export interface Control {
  readonly mute: boolean;
  readonly hold: boolean;
  readonly keypad: boolean;
}

export function canControl(call: Call | null, walled: boolean): Control {
  const joined = call !== null && (call.state === 'talking' || call.state === 'held') && !walled;
  return { mute: joined, hold: joined, keypad: joined && call.state === 'talking' };
}
