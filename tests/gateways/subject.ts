import type { Answer, CardRequest } from '../../media-server/src/cde/gateways/gateway.ts';
import type { Bank } from './bank.ts';
import type { PeerReply, PeerRequest } from './wire.ts';

/** One of a service's own answers to a request that carries a card, and the class that it has to come to. */
export interface OwnAnswer {
  readonly name: string;
  readonly reply: PeerReply;
  readonly is: Answer;
  readonly purpose?: CardRequest['purpose'];
}

/** A gateway as the contract test needs it: how its credentials look, and a peer that speaks its language. */
export interface Subject {
  readonly kind: string;
  /** As they are entered for a merchant. */
  credentials(url: string, ca: string): Record<string, unknown>;
  /** The same with a secret that the peer doesn't take. */
  wrongCredentials(url: string, ca: string): Record<string, unknown>;
  /** The peer: reads a request, asks the bank, answers in the service's words. */
  answer(bank: Bank, request: PeerRequest): PeerReply | Promise<PeerReply>;
  /** Whether a request is the one that moves money or checks a card. */
  movesMoney(request: PeerRequest): boolean;
  readonly ownAnswers: readonly OwnAnswer[];
  /** The OpenAPI description of what the adapter uses, where there is one; `below` is what stands before its paths. */
  readonly described?: { readonly file: string; readonly below: string };
}
