import type { Funnel, Purpose, TrunkKeys } from '@tonegate/api-schema';
import { createStore } from 'zustand/vanilla';
import type { Answer, Api, FunnelWish } from '../api/api.ts';
import type { ApiProblem } from '../api/problem.ts';

/** How far back a report looks. `today` begins at the window's midnight, the others are whole days before now. */
export const PERIODS = ['today', 'week', 'month', 'quarter'] as const;
export type Period = (typeof PERIODS)[number];

/** What the funnel is narrowed by; null: all. */
export interface Filters {
  readonly period: Period;
  readonly merchant: string | null;
  readonly language: string | null;
  readonly trunk: string | null;
  readonly purpose: Purpose | null;
}

export interface ReportsState {
  readonly filters: Filters;
  readonly funnel: Funnel | null;
  readonly trunks: readonly TrunkKeys[] | null;
  readonly loading: Readonly<Record<'funnel' | 'trunks', boolean>>;
  readonly problem: ApiProblem | null;
}

const NOTHING: ReportsState = {
  filters: { period: 'week', merchant: null, language: null, trunk: null, purpose: null },
  funnel: null,
  trunks: null,
  loading: { funnel: false, trunks: false },
  problem: null,
};

const DAY_MS = 86_400_000;
const DAYS: Record<Exclude<Period, 'today'>, number> = { week: 7, month: 30, quarter: 90 };

export interface ReportsParts {
  readonly api: Pick<Api, 'funnel' | 'trunks'>;
  /** Our clock, UTC ms. */
  readonly now: () => number;
  readonly signedOut: () => void;
}

/** What supervisors look at: where customers leave, and what trunks do with keys. */
export class Reports {
  readonly state = createStore<ReportsState>(() => NOTHING);
  readonly #parts: ReportsParts;
  /** Only the newest answer of each kind counts: the filters may have changed meanwhile. */
  #newest = { funnel: 0, trunks: 0 };

  constructor(parts: ReportsParts) {
    this.#parts = parts;
  }

  filter(change: Partial<Filters>): void {
    this.state.setState(({ filters }) => ({ filters: { ...filters, ...change } }));
    void this.loadFunnel();
  }

  async loadFunnel(): Promise<void> {
    const wish = wishOf(this.state.getState().filters, this.#parts.now());
    await this.#load(
      'funnel',
      () => this.#parts.api.funnel(wish),
      (funnel) => ({ funnel }),
    );
  }

  async loadTrunks(): Promise<void> {
    await this.#load(
      'trunks',
      () => this.#parts.api.trunks(),
      ({ trunks }) => ({ trunks }),
    );
  }

  /** Signed out: what was seen is not for the next person. */
  clear(): void {
    this.#newest = { funnel: this.#newest.funnel + 1, trunks: this.#newest.trunks + 1 };
    this.state.setState(NOTHING, true);
  }

  async #load<T>(
    kind: 'funnel' | 'trunks',
    ask: () => Answer<T>,
    shown: (value: T) => Partial<ReportsState>,
  ): Promise<void> {
    this.#newest[kind] += 1;
    const number = this.#newest[kind];
    this.#loading(kind, true);
    const answer = await ask();
    if (number !== this.#newest[kind]) return;
    if (!answer.ok && answer.error === 'not-signed-in') return this.#parts.signedOut();
    this.#loading(kind, false);
    this.state.setState(answer.ok ? shown(answer.value) : { problem: answer.error });
  }

  #loading(kind: 'funnel' | 'trunks', on: boolean): void {
    this.state.setState(({ loading, problem }) => ({
      loading: { ...loading, [kind]: on },
      problem: on ? null : problem,
    }));
  }
}

/** The question to the server; times are whole minutes, so that the same question asked again is the same. */
export function wishOf(filters: Filters, now: number): FunnelWish {
  const to = Math.ceil(now / 60_000) * 60_000;
  const { period, ...narrowed } = filters;
  const from = period === 'today' ? new Date(now).setHours(0, 0, 0, 0) : to - DAYS[period] * DAY_MS;
  const set = Object.entries(narrowed).filter(([, value]) => value !== null);
  return { from, to, ...Object.fromEntries(set) };
}

/** Of those who came to a step, how many went no further. */
export function leftAt(step: Funnel['steps'][number]): number {
  return Math.max(0, step.reached - step.finished);
}

/** The step at which most left; null where nobody did. */
export function worstStep(funnel: Funnel): Funnel['steps'][number] | null {
  return funnel.steps.reduce<Funnel['steps'][number] | null>(
    (most, step) => (leftAt(step) > (most === null ? 0 : leftAt(most)) ? step : most),
    null,
  );
}
