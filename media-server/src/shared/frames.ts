import { err, ok, type Result } from './result.ts';

/**
 * Messages on a byte stream: each is a 4-byte big-endian length and that many bytes of JSON. A length of zero or above
 * the limit, or bytes that are no JSON, end the stream: after them nothing says where the next message begins. Where both
 * sides agree on pulses, a length of zero is one: it says that the peer lives, and nothing else.
 */
export type FrameError = 'frame-empty' | 'frame-too-long' | 'not-json';

const HEADER = 4;

/**
 * One message as a frame.
 *
 * @param limit greatest length of the JSON, bytes
 * @throws RangeError if the message is longer: the sender's bug, since every message has bounds
 */
export function encodeFrame(message: unknown, limit: number): Buffer {
  const json = JSON.stringify(message);
  const length = Buffer.byteLength(json);
  if (length > limit) throw new RangeError(`a message of ${length} bytes is above the limit of ${limit}`);
  const frame = Buffer.allocUnsafe(HEADER + length);
  frame.writeUInt32BE(length, 0);
  frame.write(json, HEADER);
  return frame;
}

/** A frame without a message. */
export const PULSE: Buffer = Buffer.alloc(HEADER);

/** Turns a stream's chunks, however they are cut, back into messages. Holds at most one unfinished frame. */
export class FrameDecoder {
  readonly #limit: number;
  readonly #pulses: boolean;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Bytes of the frame that is awaited, its header included; 0 while the header itself is awaited. */
  #wanted = 0;
  #failed: FrameError | undefined;

  /**
   * @param limit greatest length of one message's JSON, bytes
   * @param pulses whether frames of no length are pulses; else they are an error
   */
  constructor(limit: number, pulses = false) {
    this.#limit = limit;
    this.#pulses = pulses;
  }

  /** The messages that this chunk completes, in order. After an error every further call gives the same error. */
  push(chunk: Buffer): Result<unknown[], FrameError> {
    if (this.#failed) return err(this.#failed);
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    const messages: unknown[] = [];
    for (;;) {
      if (this.#wanted === 0) {
        if (this.#heldBytes < HEADER) return ok(messages);
        const length = this.#joined().readUInt32BE(0);
        if (length === 0) {
          if (!this.#pulses) return this.#fail('frame-empty');
          this.#keep(this.#joined().subarray(HEADER));
          continue;
        }
        if (length > this.#limit) return this.#fail('frame-too-long');
        this.#wanted = HEADER + length;
      }
      if (this.#heldBytes < this.#wanted) return ok(messages);
      const bytes = this.#joined();
      try {
        messages.push(JSON.parse(bytes.toString('utf8', HEADER, this.#wanted)));
      } catch {
        return this.#fail('not-json');
      }
      this.#keep(bytes.subarray(this.#wanted));
      this.#wanted = 0;
    }
  }

  #keep(rest: Buffer): void {
    this.#held = rest.length > 0 ? [rest] : [];
    this.#heldBytes = rest.length;
  }

  #joined(): Buffer {
    const [first, ...others] = this.#held;
    const joined = first && others.length === 0 ? first : Buffer.concat(this.#held, this.#heldBytes);
    this.#held = [joined];
    return joined;
  }

  #fail(error: FrameError): Result<unknown[], FrameError> {
    this.#failed = error;
    this.#held = [];
    this.#heldBytes = 0;
    return err(error);
  }
}
