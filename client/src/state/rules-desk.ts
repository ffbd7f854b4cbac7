import type { Currency } from '@tonegate/api-schema';
import { createStore } from 'zustand/vanilla';
import type { Api } from '../api/api.ts';
import type { ApiProblem } from '../api/problem.ts';
import { Latest } from './latest.ts';
import { type RulesForm, rulesForm, rulesOf, type RulesProblems } from './rules-form.ts';

export interface RulesState {
  readonly merchant: string | null;
  readonly currency: Currency;
  /** null: they aren't known yet. */
  readonly form: RulesForm | null;
  readonly problems: RulesProblems;
  readonly saved: boolean;
  readonly busy: boolean;
  readonly problem: ApiProblem | null;
}

const FINE: RulesProblems = { limit: null, brands: false };
const NOTHING: RulesState = {
  merchant: null,
  currency: 'JPY',
  form: null,
  problems: FINE,
  saved: false,
  busy: false,
  problem: null,
};

export interface RulesDeskParts {
  readonly api: Pick<Api, 'rules' | 'putRules'>;
  readonly signedOut: () => void;
}

/** How a merchant takes payments. */
export class RulesDesk {
  readonly state = createStore<RulesState>(() => NOTHING);
  readonly #parts: RulesDeskParts;
  readonly #latest = new Latest();

  constructor(parts: RulesDeskParts) {
    this.#parts = parts;
  }

  async choose(merchant: string, currency: Currency): Promise<void> {
    this.state.setState({ ...NOTHING, merchant, currency, busy: true }, true);
    const answer = await this.#latest.ask(() => this.#parts.api.rules(merchant));
    if (answer === null) return;
    if (answer.ok) this.state.setState({ busy: false, form: rulesForm(answer.value, currency) });
    else this.#refused(answer.error);
  }

  edit(change: Partial<RulesForm>): void {
    this.state.setState(({ form }) => ({
      form: form === null ? null : { ...form, ...change },
      problems: FINE,
      saved: false,
    }));
  }

  /** False: a field is to be put right first. */
  async save(): Promise<boolean> {
    const { merchant, currency, form, busy } = this.state.getState();
    if (merchant === null || form === null || busy) return true;
    const rules = rulesOf(form, currency);
    if (!rules.ok) {
      this.state.setState({ problems: rules.error });
      return false;
    }
    this.state.setState({ busy: true, problem: null, problems: FINE, saved: false });
    const answer = await this.#latest.ask(() => this.#parts.api.putRules(merchant, rules.value));
    if (answer === null) return true;
    if (answer.ok) this.state.setState({ busy: false, saved: true, form: rulesForm(answer.value, currency) });
    else this.#refused(answer.error);
    return true;
  }

  clear(): void {
    this.#latest.forget();
    this.state.setState(NOTHING, true);
  }

  #refused(problem: ApiProblem): void {
    if (problem === 'not-signed-in') return this.#parts.signedOut();
    this.state.setState({ busy: false, problem });
  }
}
