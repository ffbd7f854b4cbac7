import type { Payment } from '@tonegate/api-schema';
import type { Language } from '../card-link/contract.ts';
import type { Id } from '../shared/ids.ts';
import type { SilenceFacts } from '../storage/receipts.ts';
import type { PaymentStarter } from './books.ts';
import type { CallSession } from './call-session.ts';
import type { KeyWay } from './key-watch.ts';

/** Who is at the customer's end. */
export interface CallParty {
  readonly number: string | null;
  readonly displayName: string | null;
  readonly called: string;
  /** Of the merchant's number that the call goes through, where it has one of its own. */
  readonly language?: Language | undefined;
}

/** What a call tells its owner, `calls.ts`. */
export interface CallOwner {
  /** Something that is shown has changed. */
  changed(call: CallSession): void;
  /** Writes a payment down before its dialogue begins; false: it can't be written. */
  paymentBegins(call: CallSession, payment: Payment, by: PaymentStarter): Promise<boolean>;
  /** The card process took no payment of this id. */
  paymentRefused(payment: Id): void;
  paymentChanged(call: CallSession, payment: Payment): void;
  /** What the wall of its payment did. */
  receipt(call: CallSession, facts: SilenceFacts): void;
  /** It looks for agents: ring those who are ready, by `ringAgent`. */
  agentsWanted(call: CallSession): void;
  /** Its payment needs the ledger's word. */
  ledgerWanted(payment: Id): void;
  declined(call: CallSession, person: Id): void;
  /** The agent's leg ended though nobody hung up. */
  agentLost(call: CallSession, person: Id): void;
  /** A key of its customer's came in, by this way. */
  keyCounted(call: CallSession, way: KeyWay): void;
  /** It is over, its payment too; forget it. */
  over(call: CallSession): void;
}
