/** What the customer is asked for. */
const ASKED_KEY = 1;
/** How long a key is waited for after the prompt, ms. */
const WAIT_MS = 10_000;
/** How long the other transport's sight of it is waited for, ms: gateways hold events back by less. */
const OTHER_WAY_MS = 600;

/** `wrong`: another key than 1 came first. */
export interface KeyTested {
  readonly heard: 'right' | 'wrong' | 'nothing';
  readonly event: boolean;
  readonly tone: boolean;
}

/**
 * One key test: the customer is asked to press 1, and what comes of it is told by its way, never which key it was. Times
 * are monotonic milliseconds.
 */
export class KeyTest {
  #until: number;
  #heard: KeyTested['heard'] = 'nothing';
  #event = false;
  #tone = false;

  /** @param promptMs how long the prompt plays; the customer may key into it */
  constructor(now: number, promptMs: number) {
    this.#until = now + promptMs + WAIT_MS;
  }

  /** When `time` is to be called next. */
  get wakeAt(): number {
    return this.#until;
  }

  /** A press has begun: 0 … 9, 10 `*`, 11 `#`. Only the first counts. */
  press(key: number, transport: 'event' | 'tone', now: number): void {
    if (this.#heard !== 'nothing') return;
    this.#heard = key === ASKED_KEY ? 'right' : 'wrong';
    if (transport === 'event') this.#event = true;
    else this.#tone = true;
    this.#until = now + OTHER_WAY_MS;
  }

  /** The press came by the other way too. */
  again(): void {
    if (this.#heard !== 'nothing') this.#event = this.#tone = true;
  }

  /** The result, once it is there. */
  time(now: number): KeyTested | undefined {
    const isKnown = now >= this.#until || (this.#event && this.#tone);
    return isKnown ? { heard: this.#heard, event: this.#event, tone: this.#tone } : undefined;
  }
}
