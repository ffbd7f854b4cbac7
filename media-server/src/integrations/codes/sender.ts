import type { Id } from '../../shared/ids.ts';
import type { Secret } from '../../shared/secret.ts';
import type { SendResult } from './sending.ts';

/** A text message to one phone. */
export interface CodeMessage {
  /** The same for every try of the same text: a receiver that knows ids can leave the second one out. */
  readonly id: Id;
  /** E.164. */
  readonly phone: string;
  /** At most 70 UCS-2 characters. It holds the code: for the wire alone. */
  readonly text: Secret;
}

/** A way to send text messages. */
export interface CodeSender {
  /** Its kind, as metrics and the list of sent codes name it. */
  readonly name: string;
  /** One try, at most 10 s; never rejects. What it says is free of the text and the number. */
  send(message: CodeMessage): Promise<SendResult>;
  /** Whether it could send now, as far as it knows; for the health page. */
  readonly up: boolean;
  close(): Promise<void>;
}
