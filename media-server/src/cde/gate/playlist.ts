/** Bytes per millisecond of G.711. */
const BYTES_PER_MS = 8;

/** What plays to a customer, cut into frames: sounds one after the other, and pauses between them. */
export class Playlist {
  readonly #silence: number;
  #items: readonly (Uint8Array | number)[] = [];
  #loop = false;
  #item = 0;
  #at = 0;

  /** `silence`: the byte that sounds as nothing in the leg's codec. */
  constructor(silence: number) {
    this.#silence = silence;
  }

  get playing(): boolean {
    return this.#items.length > 0;
  }

  /** Sounds in the leg's codec, or milliseconds of silence. Replaces what plays. */
  play(items: readonly (Uint8Array | number)[], loop: boolean): void {
    // Nothing to hear, looped, would go round for ever within one frame.
    const empty = items.every((item) => lengthOf(item) === 0);
    this.#items = empty ? [] : items;
    this.#loop = loop;
    this.#item = this.#at = 0;
  }

  stop(): void {
    this.#items = [];
  }

  /** Fills `frame`, the rest after the end with silence. True when this frame was the last. */
  next(frame: Uint8Array): boolean {
    let filled = 0;
    while (filled < frame.length && this.playing) {
      const item = this.#items[this.#item] as Uint8Array | number;
      const take = Math.min(frame.length - filled, lengthOf(item) - this.#at);
      if (typeof item === 'number') frame.fill(this.#silence, filled, filled + take);
      else frame.set(item.subarray(this.#at, this.#at + take), filled);
      filled += take;
      this.#at += take;
      if (this.#at >= lengthOf(item)) this.#nextItem();
    }
    frame.fill(this.#silence, filled);
    return !this.playing;
  }

  #nextItem(): void {
    this.#item++;
    this.#at = 0;
    if (this.#item < this.#items.length) return;
    if (this.#loop) this.#item = 0;
    else this.stop();
  }
}

function lengthOf(item: Uint8Array | number): number {
  return typeof item === 'number' ? Math.max(0, Math.round(item * BYTES_PER_MS)) : item.length;
}
