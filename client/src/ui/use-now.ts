import { useCallback, useSyncExternalStore } from 'react';

/** Our clock (UTC ms, whole seconds), anew each second while `running`. */
export function useNow(running: boolean): number {
  const tick = useCallback(
    (second: () => void) => {
      if (!running) return () => undefined;
      const timer = setInterval(second, 1_000);
      return () => clearInterval(timer);
    },
    [running],
  );
  return useSyncExternalStore(tick, () => Math.floor(Date.now() / 1_000) * 1_000);
}
