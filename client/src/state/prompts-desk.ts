import type { MerchantPrompt } from '@tonegate/api-schema';
import { createStore } from 'zustand/vanilla';
import { type Answer, type Api, type PromptPlace, promptPath } from '../api/api.ts';
import type { ApiProblem } from '../api/problem.ts';

export interface PromptsState {
  /** Whose prompts, in which language; null: not chosen yet. */
  readonly merchant: string | null;
  readonly language: string | null;
  readonly prompts: readonly MerchantPrompt[];
  readonly find: string;
  readonly ownOnly: boolean;
  /** The prompt that is being changed. */
  readonly changing: string | null;
  readonly loading: boolean;
  readonly problem: ApiProblem | null;
}

const NOTHING: PromptsState = {
  merchant: null,
  language: null,
  prompts: [],
  find: '',
  ownOnly: false,
  changing: null,
  loading: false,
  problem: null,
};

export interface PromptsDeskParts {
  readonly api: Pick<Api, 'prompts' | 'replacePrompt' | 'dropPrompt'>;
  readonly signedOut: () => void;
}

/** What a merchant's customers hear, and the merchant's own sounds in its place. */
export class PromptsDesk {
  readonly state = createStore<PromptsState>(() => NOTHING);
  readonly #parts: PromptsDeskParts;
  #newest = 0;

  constructor(parts: PromptsDeskParts) {
    this.#parts = parts;
  }

  /** Whose prompts are shown. */
  async choose(merchant: string, language: string): Promise<void> {
    this.#newest += 1;
    const number = this.#newest;
    this.state.setState({ merchant, language, prompts: [], loading: true, problem: null });
    const answer = await this.#parts.api.prompts(merchant, language);
    if (number !== this.#newest) return;
    this.state.setState({ loading: false });
    if (answer.ok) this.state.setState({ prompts: answer.value.prompts });
    else this.#problem(answer.error);
  }

  narrow(change: Partial<Pick<PromptsState, 'find' | 'ownOnly'>>): void {
    this.state.setState(change);
  }

  /** Puts a file in a prompt's place. */
  async replace(name: string, file: File): Promise<void> {
    await this.#change(name, async (place) => {
      const answer = await this.#parts.api.replacePrompt(place, file);
      if (answer.ok) this.#put(answer.value);
      return answer;
    });
  }

  /** The ready prompt again. */
  async drop(name: string): Promise<void> {
    await this.#change(name, async (place) => {
      const answer = await this.#parts.api.dropPrompt(place);
      const prompt = this.state.getState().prompts.find((one) => one.name === name);
      if (answer.ok && prompt !== undefined) this.#put({ ...prompt, own: null });
      return answer;
    });
  }

  /** Where a prompt's sound is to be heard; another address for another sound, so that no earlier one is kept. */
  soundOf(prompt: MerchantPrompt): string {
    const merchant = this.state.getState().merchant ?? '';
    return `${promptPath({ ...prompt, merchant })}?at=${prompt.own?.uploadedAt ?? 0}`;
  }

  dismissProblem(): void {
    this.state.setState({ problem: null });
  }

  clear(): void {
    this.#newest += 1;
    this.state.setState(NOTHING, true);
  }

  async #change(name: string, change: (place: PromptPlace) => Answer<unknown>): Promise<void> {
    const { merchant, language, changing } = this.state.getState();
    if (merchant === null || language === null || changing !== null) return;
    this.state.setState({ changing: name, problem: null });
    const answer = await change({ merchant, language, name });
    this.state.setState({ changing: null });
    if (!answer.ok) this.#problem(answer.error);
  }

  // Into the list that it belongs to, unless another is shown by now.
  #put(prompt: MerchantPrompt): void {
    this.state.setState(({ prompts }) => ({
      prompts: prompts.map((one) => (one.name === prompt.name && one.language === prompt.language ? prompt : one)),
    }));
  }

  #problem(problem: ApiProblem): void {
    if (problem === 'not-signed-in') return this.#parts.signedOut();
    this.state.setState({ problem });
  }
}

/** The prompts that are looked for, by their words or their name. */
export function foundPrompts({ prompts, find, ownOnly }: PromptsState): readonly MerchantPrompt[] {
  const wanted = find.normalize('NFKC').trim().toLowerCase();
  return prompts.filter(
    ({ name, text, own }) =>
      (!ownOnly || own !== null) && (wanted === '' || name.includes(wanted) || text.toLowerCase().includes(wanted)),
  );
}
