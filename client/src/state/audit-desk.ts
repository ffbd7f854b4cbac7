import type { AuditActors, AuditCheck, AuditEntry } from '@tonegate/api-schema';
import { createStore } from 'zustand/vanilla';
import type { Api, AuditWish } from '../api/api.ts';
import type { ApiProblem } from '../api/problem.ts';
import { type Days, timesOf } from './days.ts';
import { Latest } from './latest.ts';

/** What is done and written down: the audit's own words for it. */
export const AUDIT_ACTIONS = [
  'sign-in',
  'sign-in-refused',
  'sign-out',
  'payment-start',
  'payment-cancel',
  'payment-resolve',
  'payment-capture',
  'payment-void',
  'payment-refund',
  'verification-start',
  'member-put',
  'member-delete',
  'prompt-put',
  'prompt-drop',
  'gateway-put',
  'gateway-test',
  'gateway-delete',
  'rules-put',
  'receipts-export',
  'audit-export',
  'audit-accepted',
  'server-start',
  'reload',
  'payments-closed',
  'payments-open',
  'retention-erase',
] as const;

const SHOWN_AT_ONCE = 50;
/** The most that one answer holds. */
const EXPORTED_AT_ONCE = 200;
/** Entries in one file. */
const EXPORT_LIMIT = 100_000;

export interface AuditFilters {
  /** null: everybody. */
  readonly actor: string | null;
  readonly action: string | null;
  /** Empty days: from the beginning, or to now. */
  readonly days: Days;
}

export interface AuditState {
  readonly filters: AuditFilters;
  readonly daysWrong: boolean;
  readonly entries: readonly AuditEntry[] | null;
  /** `before` of the next page; null: there is none. */
  readonly next: number | null;
  readonly actors: AuditActors['actors'];
  /** null: not checked yet. */
  readonly check: AuditCheck | null;
  readonly checking: boolean;
  readonly loading: boolean;
  readonly exporting: boolean;
  readonly problem: ApiProblem | null;
}

const NOTHING: AuditState = {
  filters: { actor: null, action: null, days: { from: '', to: '' } },
  daysWrong: false,
  entries: null,
  next: null,
  actors: [],
  check: null,
  checking: false,
  loading: false,
  exporting: false,
  problem: null,
};

export interface AuditDeskParts {
  readonly api: Pick<Api, 'audit' | 'auditActors' | 'auditCheck'>;
  readonly signedOut: () => void;
}

/** Who did what: page by page, narrowed, checked, and taken out as a file. */
export class AuditDesk {
  readonly state = createStore<AuditState>(() => NOTHING);
  readonly #parts: AuditDeskParts;
  readonly #pages = new Latest();
  readonly #checks = new Latest();

  constructor(parts: AuditDeskParts) {
    this.#parts = parts;
  }

  async open(): Promise<void> {
    await Promise.all([this.#first(), this.check(), this.#loadActors()]);
  }

  filter(change: Partial<AuditFilters>): void {
    this.state.setState(({ filters }) => ({ filters: { ...filters, ...change } }));
    void this.#first();
  }

  async older(): Promise<void> {
    const { next, loading, entries } = this.state.getState();
    if (next === null || loading) return;
    await this.#page({ before: next }, entries ?? []);
  }

  async check(): Promise<void> {
    this.state.setState({ checking: true });
    const answer = await this.#checks.ask(() => this.#parts.api.auditCheck());
    if (answer === null) return;
    this.state.setState({ checking: false });
    if (answer.ok) this.state.setState({ check: answer.value });
    else this.#refused(answer.error);
  }

  /** Everything that the filters let through, newest first; null where it couldn't be had. */
  async export(): Promise<readonly AuditEntry[] | null> {
    const wish = wishOf(this.state.getState().filters);
    if (wish === null || this.state.getState().exporting) return null;
    this.state.setState({ exporting: true, problem: null });
    const entries: AuditEntry[] = [];
    let before: { before?: number } | null = {};
    while (before !== null && entries.length < EXPORT_LIMIT) {
      const page = await this.#parts.api.audit({ ...wish, ...before, limit: EXPORTED_AT_ONCE, export: true });
      if (!this.state.getState().exporting) return null;
      if (!page.ok) {
        this.state.setState({ exporting: false });
        this.#refused(page.error);
        return null;
      }
      entries.push(...page.value.entries);
      before = page.value.next === null ? null : { before: page.value.next };
    }
    this.state.setState({ exporting: false });
    return entries;
  }

  clear(): void {
    this.#pages.forget();
    this.#checks.forget();
    this.state.setState(NOTHING, true);
  }

  async #first(): Promise<void> {
    await this.#page({}, []);
  }

  async #page(from: { before?: number }, earlier: readonly AuditEntry[]): Promise<void> {
    const wish = wishOf(this.state.getState().filters);
    if (wish === null) return this.state.setState({ daysWrong: true });
    this.state.setState({ loading: true, daysWrong: false, problem: null });
    const answer = await this.#pages.ask(() => this.#parts.api.audit({ ...wish, ...from, limit: SHOWN_AT_ONCE }));
    if (answer === null) return;
    this.state.setState({ loading: false });
    if (!answer.ok) return this.#refused(answer.error);
    const { entries, next } = answer.value;
    this.state.setState({ entries: [...earlier, ...entries], next });
  }

  async #loadActors(): Promise<void> {
    const answer = await this.#parts.api.auditActors();
    if (answer.ok) this.state.setState({ actors: answer.value.actors });
    else this.#refused(answer.error);
  }

  #refused(problem: ApiProblem): void {
    if (problem === 'not-signed-in') return this.#parts.signedOut();
    this.state.setState({ problem });
  }
}

/** The question to the server; null where the days make no period. */
function wishOf({ actor, action, days }: AuditFilters): Omit<AuditWish, 'limit'> | null {
  const open = { from: days.from || '1970-01-02', to: days.to || '9999-12-30' };
  const times = timesOf(open);
  if (times === null) return null;
  return {
    ...(actor === null ? {} : { actor }),
    ...(action === null ? {} : { action }),
    ...(days.from === '' ? {} : { since: times.since }),
    ...(days.to === '' ? {} : { until: times.until }),
  };
}
