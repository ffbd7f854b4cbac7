import { z } from 'zod';

/**
 * What a page says to its phone, one JSON object per text message. Binary messages are its microphone: 20 ms of linear
 * 16-bit little-endian samples at 8 kHz, 320 bytes.
 */
export const PageMessage = z.discriminatedUnion('type', [
  /** Calls a number; without one, the demo's. */
  z.strictObject({ type: z.literal('dial'), number: z.string().regex(/^(\+?[0-9*#]{1,24})?$/) }),
  z.strictObject({ type: z.literal('answer') }),
  /** Hangs up, stops calling, or turns a ringing call away. */
  z.strictObject({ type: z.literal('hang-up') }),
  z.strictObject({ type: z.literal('key-down'), key: z.string().regex(/^[0-9*#]$/) }),
  z.strictObject({ type: z.literal('key-up') }),
  z.strictObject({ type: z.literal('sample'), play: z.boolean(), language: z.enum(['ja', 'en']) }),
]);
export type PageMessage = z.infer<typeof PageMessage>;

/** Why the last call is over, for the page to put in words. */
export type Ending =
  | 'they-hung-up'
  | 'you-hung-up'
  | 'missed'
  | 'busy'
  | 'no-answer'
  | 'unknown-number'
  | 'refused'
  | 'unreachable'
  | 'trouble';

export type CallState = 'idle' | 'calling' | 'ringing-there' | 'ringing' | 'talking';

/**
 * What a phone says to its page. Binary messages are what is heard, in the same form as the microphone, 10 to 60 ms each.
 */
export type PhoneMessage =
  /** First of all: the number that is dialled unless another is typed in, and the phone's own. */
  | { readonly type: 'hello'; readonly number: string; readonly caller: string }
  | {
      readonly type: 'state';
      readonly call: CallState;
      /** The other side's number, absent if it is withheld or there is no call. */
      readonly far?: string;
      /** The far side has put the call on hold; talking only. */
      readonly held?: boolean;
      /** Keys can be sent; talking only. */
      readonly keys?: boolean;
      /** The far side sends sound before it answers: no ringing tone of our own over it. */
      readonly earlySound?: boolean;
      readonly ended?: Ending;
    }
  | { readonly type: 'sample'; readonly playing: boolean }
  /** A text message to this phone's number. */
  | { readonly type: 'text'; readonly text: string };
