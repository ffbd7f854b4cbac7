/**
 * What a receipt of silence is written from: the counts of both valves when the wall shut and when it opened again, and
 * the presses in between. Pure; `payment-session.ts` feeds it.
 */
import type { LegCounts } from '../card-link/contract.ts';
import type { SfuCounts } from '../media/call-media.ts';
import type { SilenceFacts } from '../storage/receipts.ts';

interface Counts {
  readonly gate: LegCounts | undefined;
  readonly sfu: SfuCounts | undefined;
}

export interface Silence {
  shutAt: number | null;
  openAt: number | null;
  readonly shut: { gate: LegCounts | undefined; sfu: SfuCounts | undefined };
  readonly open: { gate: LegCounts | undefined; sfu: SfuCounts | undefined };
  events: number;
  tones: number;
}

export function newSilence(): Silence {
  return {
    shutAt: null,
    openAt: null,
    shut: { gate: undefined, sfu: undefined },
    open: { gate: undefined, sfu: undefined },
    events: 0,
    tones: 0,
  };
}

/** Both valves have reported shut (`now` UTC ms): what they count from here on passed the wall. */
export function wallShut(silence: Silence, counts: Counts, now: number): void {
  silence.shutAt ??= now;
  Object.assign(silence.shut, counts);
}

/** The gate has reported open, and the SFU's valve hasn't yet been opened; or the call is over. */
export function wallOpen(silence: Silence, counts: Counts, now: number): void {
  silence.openAt ??= now;
  Object.assign(silence.open, counts);
}

/** A press that ended in the card process while the wall stood. The second sight of one isn't another. */
export function keySeen(silence: Silence, transport: 'event' | 'tone' | 'both'): void {
  if (silence.shutAt === null || silence.openAt !== null) return;
  if (transport === 'event') silence.events++;
  if (transport === 'tone') silence.tones++;
}

/** The part of a receipt that is about sound. Null where a side was gone before it could say. */
export function silenceFacts(silence: Silence): Pick<SilenceFacts, 'wall' | 'forwarded' | 'kept' | 'keys'> {
  const { shut, open } = silence;
  const gate = (name: keyof LegCounts) => since(shut.gate?.[name], open.gate?.[name]);
  const sfu = (name: keyof SfuCounts) => since(shut.sfu?.[name], open.sfu?.[name]);
  const [fromSfu, keptOut] = [gate('fromSfu'), gate('keptOut')];
  return {
    wall: { shutAt: silence.shutAt, openAt: silence.openAt },
    forwarded: {
      customerToSfu: gate('toSfu'),
      customerToAgent: sfu('toAgent'),
      agentToCustomer: fromSfu === null || keptOut === null ? null : Math.max(0, fromSfu - keptOut),
    },
    kept: { ofCustomer: gate('keptIn'), ofAgent: keptOut },
    keys: { events: silence.events, tones: silence.tones },
  };
}

/** A counter that is lower than before was begun anew (a reloaded window, a new card process): it counts from zero. */
function since(before: number | undefined, after: number | undefined): number | null {
  if (after === undefined || before === undefined) return null;
  return after >= before ? after - before : after;
}
