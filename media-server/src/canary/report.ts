import { Counter, Gauge, type Registry } from 'prom-client';
import type { CanaryState } from './canary.ts';
import { type CanaryResult, whyNotGood } from './findings.ts';

/** A trunk's name as people read it. */
function shown(trunk: string): string {
  return trunk === '' ? 'without a trunk' : trunk;
}

/** The canary's line on the status page: not ok while payments are closed for a trunk. */
export function canaryHealth(state: CanaryState): { name: string; ok: boolean; detail: string } {
  const parts = [...state.trunks.values()].map(({ name, payments, results }) => {
    const why = whyNotGood(results);
    return `${shown(name)}: payments ${payments === 'unproven' ? 'not yet open' : payments}${why ? ` (${why})` : ''}`;
  });
  const ok = [...state.trunks.values()].every(({ payments }) => payments !== 'closed');
  return { name: 'leak canary', ok, detail: parts.join(', ') };
}

/** What people who look after the server see of it. */
export function canaryShown(state: CanaryState, calledAt: (trunk: string) => number | null) {
  return {
    everyMinutes: state.everyMs / 60_000,
    trunks: [...state.trunks.values()].map(({ name, payments, results }) => ({
      trunk: name,
      payments,
      calledAt: calledAt(name),
      calls: results.map(({ transport, verdict, why }) => ({ transport, verdict, why })),
    })),
  };
}

/** `tonegate_canary_*`. Returns what counts a call. */
export function canaryMetrics(
  registry: Registry,
  state: () => CanaryState,
): (trunk: string, result: CanaryResult) => void {
  const registers = [registry];
  const calls = new Counter({
    name: 'tonegate_canary_calls_total',
    help: "The leak canary's calls by trunk, transport of the keys, and verdict: passed, leak, failed",
    labelNames: ['trunk', 'transport', 'verdict'],
    registers,
  });
  new Gauge({
    name: 'tonegate_canary_payments_open',
    help: '1 while payments are taken through this trunk, 0 while the leak canary keeps them closed',
    labelNames: ['trunk'],
    registers,
    collect() {
      for (const { name, payments } of state().trunks.values()) this.set({ trunk: name }, Number(payments === 'open'));
    },
  });
  new Counter({
    name: 'tonegate_canary_rounds_total',
    help: "The leak canary's rounds that have ended",
    registers,
    collect() {
      this.reset();
      this.inc(state().rounds);
    },
  });
  return (trunk, { transport, verdict }) => calls.inc({ trunk, transport, verdict });
}
