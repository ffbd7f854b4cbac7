import type { SipRequest, SipResponse } from '../messages/message.ts';
import type { Flow } from '../transport/flow.ts';

/** A request from outside and the way to answer it; lives until its transaction ends (RFC 3261 §17.2). */
export interface ServerTransaction {
  readonly request: SipRequest;
  /** The flow it came by. */
  readonly flow: Flow;
  /** Sends a response, or does nothing if the final one is out (a second 2xx to INVITE excepted, RFC 6026). */
  respond(response: SipResponse): void;
  /** Told if a final response to INVITE got no ACK, or can't be sent. */
  onFailed: ((why: 'timeout' | 'transport') => void) | undefined;
  /** Told if the INVITE is cancelled; the 200 to CANCEL is out by then. Not told after a final response. */
  onCancel: ((cancel: SipRequest) => void) | undefined;
  /** Told of an ACK to a 2xx that came on the INVITE's own branch. */
  onAck: ((ack: SipRequest) => void) | undefined;
}

/** Who made a request is told of its responses, in order, and of nothing after `failed` or a final non-2xx response. */
export interface ClientUser {
  response(response: SipResponse): void;
  failed(why: 'timeout' | 'transport'): void;
}

export interface ClientTransaction {
  readonly request: SipRequest;
  readonly flow: Flow;
}
