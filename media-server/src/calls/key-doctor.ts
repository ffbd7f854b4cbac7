import type { CallKeys, KeyTest } from '@tonegate/api-schema';

/** Says how a call's customer's keys reach us, from what was negotiated, each press, and key tests. */
export class KeyDoctor {
  #event = 0;
  #tone = 0;
  #both = 0;
  #info = 0;
  /** By which way the last press was told. */
  #last: 'event' | 'tone' | undefined;
  /** A key test in which nothing came, and nothing since. */
  #silent = false;

  /** A press was heard; `both`: the last one came by the other way too. */
  seen(transport: 'event' | 'tone' | 'both'): void {
    this.#silent = false;
    if (transport !== 'both') {
      if (transport === 'event') this.#event++;
      else this.#tone++;
      this.#last = transport;
      return;
    }
    this.#both++;
    // What came both ways counts as an event, whichever was first.
    if (this.#last !== 'tone') return;
    this.#tone--;
    this.#event++;
    this.#last = undefined;
  }

  /** A SIP INFO that carries a key came; which one nobody looked at. */
  byInfo(): void {
    this.#info++;
  }

  get infos(): number {
    return this.#info;
  }

  tested(heard: KeyTest['heard']): void {
    this.#silent = heard === 'nothing';
  }

  /** @param negotiated telephone-event was negotiated towards us */
  view(negotiated: boolean): CallKeys {
    const advice = this.#advice(negotiated);
    return { advice, negotiated, event: this.#event, tone: this.#tone, both: this.#both, info: this.#info };
  }

  #advice(negotiated: boolean): CallKeys['advice'] {
    if (this.#event + this.#tone > 0) return 'sure';
    if (this.#info > 0) return negotiated ? 'unknown' : 'info-only';
    if (this.#silent) return negotiated ? 'unknown' : 'none';
    return negotiated ? 'sure' : 'unknown';
  }
}
