import type { Clock } from './clock.ts';

const BEAT_MS = 20;
/** Beats made up for after a stall; older ones are left out, for nobody wants old sound in a burst. */
const CATCH_UP_LIMIT = 5;

/**
 * Calls `beat` every 20 ms, the n-th time n·20 ms after the start by the monotonic clock, so that late timers don't add
 * up. `missed` counts the beats left out since the last call. Returns what ends it.
 */
export function startBeat(clock: Clock, beat: (missed: number) => void): () => void {
  let due = clock.monotonic() + BEAT_MS;
  let cancel = () => {};
  let running = true;
  const fire = () => {
    const now = clock.monotonic();
    const missed = Math.max(0, Math.floor((now - due) / BEAT_MS) - CATCH_UP_LIMIT);
    due += missed * BEAT_MS;
    // A timer may fire a fraction early; the beat it was set for counts as due.
    const until = Math.max(now, due);
    for (let first = true; running && due <= until; first = false) {
      due += BEAT_MS;
      beat(first ? missed : 0);
    }
    if (running) cancel = clock.after(Math.max(0, due - clock.monotonic()), fire);
  };
  cancel = clock.after(BEAT_MS, fire);
  return () => {
    running = false;
    cancel();
  };
}
