import { type Funnel, type FunnelStep, type Outcome, PaymentStep } from '@tonegate/api-schema';
import type { Id } from '../shared/ids.ts';
import type { StepWithOutcome } from '../storage/funnel.ts';

/** What is counted; what isn't named isn't narrowed by. */
export interface FunnelFilter {
  readonly language?: string | undefined;
  readonly trunk?: string | undefined;
  readonly purpose?: string | undefined;
}

interface Passed {
  place: number;
  left: StepWithOutcome['left'];
  tookMs: number;
  mistakes: number;
}

/**
 * Counts where customers left. A payment that came to a step several times counts there once: as it left it the last
 * time, with the time and the mistakes of all of them. p50 and p90 are times that so many of those who finished took at
 * most (nearest rank).
 */
export class FunnelTally {
  readonly #filter: FunnelFilter;
  readonly #steps = new Map<string, Map<Id, Passed>>();
  readonly #payments = new Map<Id, Outcome | null>();
  readonly #languages = new Set<string>();
  readonly #trunks = new Set<string>();

  constructor(filter: FunnelFilter) {
    this.#filter = filter;
  }

  add(row: StepWithOutcome): void {
    this.#languages.add(row.language);
    if (row.trunk !== null) this.#trunks.add(row.trunk);
    const { language = row.language, trunk = row.trunk, purpose = row.purpose } = this.#filter;
    if (row.language !== language || row.trunk !== trunk || row.purpose !== purpose) return;
    this.#payments.set(row.payment, row.outcome);
    let step = this.#steps.get(row.step);
    if (!step) this.#steps.set(row.step, (step = new Map()));
    const { place, left, tookMs, mistakes } = row;
    const passed = step.get(row.payment);
    if (!passed) step.set(row.payment, { place, left, tookMs, mistakes });
    else {
      passed.tookMs += tookMs;
      passed.mistakes += mistakes;
      if (place > passed.place) Object.assign(passed, { place, left });
    }
  }

  result(): Funnel {
    const outcomes = { approved: 0, declined: 0, cancelled: 0, failed: 0, unknown: 0 };
    for (const outcome of this.#payments.values()) if (outcome !== null) outcomes[outcome]++;
    return {
      payments: this.#payments.size,
      outcomes,
      // In the order of a payment; a step that this program doesn't know is left out.
      steps: PaymentStep.options.flatMap((step) => {
        const passed = this.#steps.get(step);
        return passed ? [countStep(step, [...passed.values()])] : [];
      }),
      languages: [...this.#languages].sort(),
      trunks: [...this.#trunks].sort(),
    };
  }
}

function countStep(step: PaymentStep, passed: readonly Passed[]): FunnelStep {
  const left = (how: Passed['left']) => passed.reduce((sum, each) => sum + Number(each.left === how), 0);
  const finished = passed.filter((each) => each.left === 'finished');
  const times = Float64Array.from(finished, ({ tookMs }) => tookMs).sort();
  const rank = (percent: number) => times[Math.ceil((times.length * percent) / 100) - 1] ?? null;
  return {
    step,
    reached: passed.length,
    finished: finished.length,
    hungUp: left('hung-up'),
    askedForAgent: left('asked-for-agent'),
    cancelledByAgent: left('cancelled-by-agent'),
    silence: left('silence'),
    mistakes: left('mistakes'),
    other: left('other'),
    p50Ms: rank(50),
    p90Ms: rank(90),
    corrected: finished.reduce((sum, { mistakes }) => sum + mistakes, 0),
  };
}
