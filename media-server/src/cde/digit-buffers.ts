/**
 * A zeroed Buffer for digits, its memory outside of V8's heap. The usual ways to make one put up to 64 bytes into the heap,
 * where the collector moves what lives and leaves the bytes behind at the old place.
 */
export function digitBuffer(length: number): Buffer {
  return Buffer.from(new ArrayBuffer(length));
}

/** The buffers that hold digits of one payment on its leg's thread. */
export class DigitBuffers {
  readonly #held = new Set<Buffer>();
  #wiped = 0;

  /** How many were zeroed so far. */
  get wiped(): number {
    return this.#wiped;
  }

  make(length: number): Buffer {
    const buffer = digitBuffer(length);
    this.#held.add(buffer);
    return buffer;
  }

  /** Zeroes one that is needed no more. */
  wipe(buffer: Buffer): void {
    buffer.fill(0);
    if (this.#held.delete(buffer)) this.#wiped++;
  }

  /** Zeroes all that are left. */
  wipeAll(): void {
    for (const buffer of this.#held) this.wipe(buffer);
  }

  /** Its memory goes to another thread, which answers for it. */
  handOver(buffer: Buffer): void {
    this.#held.delete(buffer);
  }
}
