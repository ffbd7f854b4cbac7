import type { Receipts } from '@tonegate/api-schema';
import { createStore } from 'zustand/vanilla';
import type { Api, ReceiptsWish } from '../api/api.ts';
import type { ApiProblem } from '../api/problem.ts';
import { type Days, lastDays, timesOf } from './days.ts';
import { Latest } from './latest.ts';
import { type ChainView, followChain } from './receipt-chain.ts';

/** Receipts in one file, as many as a browser holds easily. */
const RECEIPTS_LIMIT = 50_000;
/** How far back the first look goes, days. */
const FIRST_DAYS = 30;

export interface ReceiptsState {
  readonly merchant: string | null;
  readonly days: Days;
  /** The two days don't make a period. */
  readonly daysWrong: boolean;
  /** How many have come so far; null: none are being fetched. */
  readonly fetched: number | null;
  readonly found: FoundReceipts | null;
  /** PEM of the public key. */
  readonly publicKey: string | null;
  readonly problem: ApiProblem | null;
}

export interface FoundReceipts {
  readonly chain: ChainView;
  /** What `tonegate-verify` reads. */
  readonly file: string;
  /** There were more than one file holds. */
  readonly cut: boolean;
}

export interface ReceiptsDeskParts {
  readonly api: Pick<Api, 'receipts' | 'receiptKey'>;
  /** Our clock, UTC ms. */
  readonly now: () => number;
  /** SHA-256 of a text, hex. */
  readonly digest: (text: string) => Promise<string>;
  readonly signedOut: () => void;
}

/** Receipts of silence of a merchant and a period: fetched, followed and handed out as a file. */
export class ReceiptsDesk {
  readonly state;
  readonly #parts: ReceiptsDeskParts;
  readonly #latest = new Latest();

  constructor(parts: ReceiptsDeskParts) {
    this.#parts = parts;
    this.state = createStore<ReceiptsState>(() => this.#nothing());
  }

  /** Another merchant or period: what was found is not of it. */
  choose(change: Partial<Pick<ReceiptsState, 'merchant' | 'days'>>): void {
    this.#latest.forget();
    this.state.setState({ ...change, daysWrong: false, fetched: null, found: null, problem: null });
  }

  async fetch(): Promise<void> {
    const { merchant, days, fetched } = this.state.getState();
    if (merchant === null || fetched !== null) return;
    const times = timesOf(days);
    if (times === null) return this.state.setState({ daysWrong: true });
    this.state.setState({ fetched: 0, found: null, problem: null });
    const receipts: Receipts['receipts'] = [];
    let head: Receipts['head'] = null;
    let next: number | null = 1;
    while (next !== null && receipts.length < RECEIPTS_LIMIT) {
      const page = await this.#page(merchant, { ...times, from: next });
      if (page === null) return;
      receipts.push(...page.receipts);
      ({ head, next } = page);
      this.state.setState({ fetched: receipts.length });
    }
    const key = await this.#latest.ask(() => this.#parts.api.receiptKey());
    if (key === null) return;
    if (!key.ok) return this.#refused(key.error);
    const chain = await followChain({ receipts, head }, this.#parts.digest);
    if (this.state.getState().fetched === null) return;
    const { publicKey } = key.value;
    const file = `${JSON.stringify({ receipts, head, publicKey }, null, 1)}\n`;
    this.state.setState({
      fetched: null,
      found: { chain, file, cut: next !== null },
      publicKey,
    });
  }

  clear(): void {
    this.#latest.forget();
    this.state.setState(this.#nothing(), true);
  }

  // Null where it is refused, or something else is asked by now.
  async #page(merchant: string, wish: ReceiptsWish): Promise<Receipts | null> {
    const page = await this.#latest.ask(() => this.#parts.api.receipts(merchant, wish));
    if (page === null || page.ok) return page === null ? null : page.value;
    this.#refused(page.error);
    return null;
  }

  #refused(problem: ApiProblem): void {
    if (problem === 'not-signed-in') return this.#parts.signedOut();
    this.state.setState({ fetched: null, problem });
  }

  #nothing(): ReceiptsState {
    return {
      merchant: null,
      days: lastDays(FIRST_DAYS, this.#parts.now()),
      daysWrong: false,
      fetched: null,
      found: null,
      publicKey: null,
      problem: null,
    };
  }
}
