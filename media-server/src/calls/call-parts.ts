import type { Brand, Codec, Language } from '../card-link/contract.ts';
import type { CallMedia } from '../media/call-media.ts';
import type { Clock } from '../shared/clock.ts';
import type { Id } from '../shared/ids.ts';
import type { Logger } from '../shared/logger.ts';
import type { Result } from '../shared/result.ts';
import type { Sip } from '../sip/leg.ts';
import type { Currency } from '../shared/money.ts';
import type { CodeMaker } from './codes.ts';
import type { CardCommands } from './customer-gate.ts';

/** How a merchant takes payments. */
export interface MerchantRules {
  readonly currency: Currency;
  /** Its customers are guided in gentle mode unless the payment says otherwise. */
  readonly gentle: boolean;
  /** Cards that a customer may try in one payment, 1 … 5. */
  readonly cards: number;
  /** Brands that it takes; undefined: all of the gateway's. */
  readonly brands: readonly Brand[] | undefined;
  /** The greatest amount of one payment, minor units of `currency`. */
  readonly amountLimitMinor: number | undefined;
}

/** A merchant as far as a call needs to know them. */
export interface CallMerchant {
  readonly id: Id;
  readonly organisation: Id;
  readonly name: string;
  readonly language: Language;
  readonly rules: MerchantRules;
}

/** What a call needs of the rest; the same for all calls. */
export interface CallParts {
  readonly sip: Sip;
  readonly link: CardCommands;
  /** Opens the SFU's part of a call. */
  readonly createMedia: (codec: Codec) => Promise<Result<CallMedia, 'no-worker'>>;
  /** Sends one-time codes; absent: nobody can be verified here. */
  readonly codes?: CodeMaker;
  /** Why no payment is taken through a trunk (null: without one): the wall isn't proven there yet, or isn't whole. */
  readonly paymentsClosed?: (trunk: string | null) => 'unproven' | 'closed' | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Local address that the gates bind, and what SDP announces to a peer at `ip` (by trunk where set). */
  readonly bind: string;
  readonly announced: (peer: { ip: string; trunk?: string }) => string;
  /** How long a reloaded window is awaited, and a waiting customer with nobody there, ms. */
  readonly awaitAgentMs: number;
  readonly queueMs: number;
  /** What happens to a call that nobody takes. */
  readonly nobody: 'announce' | 'busy';
}
