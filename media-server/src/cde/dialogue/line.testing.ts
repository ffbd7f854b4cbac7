import { expect } from 'vitest';
import type { CardFields } from './card-fields.ts';
import { type Dialogue, type DialogueInput, type DialogueOutput, step, wakeAt } from './dialogue.ts';

const KEYS = '0123456789*#';

/** The leg that a dialogue talks through, for tests: time moves only here, a prompt ends when `listen` says so. */
export class Line {
  readonly dialogue: Dialogue;
  readonly outputs: DialogueOutput[] = [];
  now = 0;
  playing = false;
  /** Called with every output as it comes. */
  watch: (output: DialogueOutput) => void = () => {};

  constructor(dialogue: Dialogue) {
    this.dialogue = dialogue;
  }

  get card(): CardFields | undefined {
    return this.outputs.find((output) => output.type === 'authorize')?.card;
  }

  begin(): void {
    this.input({ type: 'begin' });
  }

  input(input: DialogueInput): void {
    for (const output of step(this.dialogue, input, this.now)) {
      expect(this.outputs.at(-1)?.type).not.toBe('end');
      if (output.type === 'play') this.playing = true;
      if (output.type === 'stop-playing' || output.type === 'end') this.playing = false;
      this.outputs.push(output);
      this.watch(output);
    }
  }

  /** Waits `ms`, with the timers that fall due. */
  wait(ms: number): void {
    const end = this.now + ms;
    for (let due = wakeAt(this.dialogue); due !== undefined && due <= end; due = wakeAt(this.dialogue)) {
      this.now = Math.max(this.now, due);
      this.input({ type: 'time' });
    }
    this.now = end;
  }

  /** Hears what plays to its end: four seconds of it. */
  listen(): void {
    if (!this.playing) return;
    this.wait(4000);
    if (!this.playing) return;
    this.playing = false;
    this.input({ type: 'played' });
  }

  /** Presses keys, the time between two of them before each. */
  keys(keys: string, perSecond: number): void {
    for (const key of keys) {
      this.wait(1000 / perSecond);
      this.input({ type: 'key', key: KEYS.indexOf(key) });
    }
  }
}

/** Every byte of every buffer that can be reached from the dialogue. */
export function bytesHeld(value: unknown, seen = new Set<unknown>()): number[] {
  if (ArrayBuffer.isView(value)) return [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)];
  if (typeof value !== 'object' || value === null || seen.has(value)) return [];
  seen.add(value);
  const inside: unknown[] = value instanceof Map ? [...value.values()] : Object.values(value);
  return inside.flatMap((item) => bytesHeld(item, seen));
}
