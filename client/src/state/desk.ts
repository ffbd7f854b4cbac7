import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Hint, KeyTest } from '@tonegate/api-schema';
import type { ApiProblem } from '../api/problem.ts';
import type { AudioState } from '../phone/call-audio.ts';
import type { AudioDevices } from '../phone/microphone.ts';
import type { PhoneState } from '../phone/phone.ts';
import type { Announcement } from './announcements.ts';
import type { Condition } from './troubles.ts';

/** Where a refused request is shown: beside what the agent touched. */
export type Place = 'call' | 'payment';

/** What the agent asked for that is on its way. */
export type Request =
  | 'state'
  | 'hold'
  | 'hang-up'
  | 'dial'
  | 'cancel'
  | 'ask-again'
  | 'hint'
  | 'more-time'
  | 'gentle'
  | 'key-test';

/** Help that the agent gave the customer of a payment, and when (our clock, ms). */
export interface Help {
  readonly payment: string;
  readonly what: { readonly kind: 'ask-again' | 'more-time' } | { readonly kind: 'hint'; readonly hint: Hint };
  readonly at: number;
}

/** What the window itself knows, apart from calls. */
export interface Desk {
  readonly phone: PhoneState;
  readonly audio: AudioState;
  readonly devices: AudioDevices;
  readonly notifications: Condition['notifications'];
  readonly serverLostAt: number | null;
  readonly phoneLostAt: number | null;
  readonly problems: Readonly<Record<Place, ApiProblem | null>>;
  /** What the agent has put into the dial field. */
  readonly dialText: string;
  readonly dialInvalid: boolean;
  /** The newest words for a screen reader, numbered so that the same words twice are two. */
  readonly announced: { readonly number: number; readonly what: readonly Announcement[] };
  /** A request whose effect comes by event is on its way. */
  readonly busy: Readonly<Partial<Record<Request, true>>>;
  /** The last key test, and in which call. */
  readonly keyTest: { readonly call: string; readonly result: KeyTest } | null;
  /** The last help that reached the customer. */
  readonly helped: Help | null;
  /** A call that this agent declined or that stopped ringing here, before the server has said so. */
  readonly silenced: string | null;
}

export function createDeskStore(notifications: Condition['notifications']): StoreApi<Desk> {
  return createStore<Desk>(() => ({
    phone: { registration: 'off', legs: {}, quality: null },
    audio: { muted: false, microphone: null, soundBlocked: false },
    devices: { microphones: [], speakers: [] },
    notifications,
    serverLostAt: null,
    phoneLostAt: null,
    problems: { call: null, payment: null },
    dialText: '',
    dialInvalid: false,
    announced: { number: 0, what: [] },
    busy: {},
    keyTest: null,
    helped: null,
    silenced: null,
  }));
}
