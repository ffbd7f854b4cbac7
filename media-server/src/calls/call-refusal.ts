import type { ProblemCode } from '@tonegate/api-schema';
import type { Problem } from '../shared/result.ts';
import type { CallState } from './call.ts';

/** Why an agent can't do anything with a call now: both sides have to be there, and no payment between them. */
export function agentRefusal(state: CallState): Problem<ProblemCode> | undefined {
  if (state.end !== undefined) return { code: 'call-ended', message: 'the call has ended' };
  if (state.customer !== 'up' || state.agent !== 'up') {
    return { code: 'call-not-answered', message: 'the call is not answered on both sides' };
  }
  if (state.payment) return { code: 'already-in-payment', message: 'this call is in a payment already' };
  return undefined;
}

/** What besides the call's own state decides whether a payment can be taken in it. */
export interface PaymentChance {
  readonly cardProcessUp: boolean;
  /** The leak canary keeps payments closed on this line. */
  readonly closed: 'unproven' | 'closed' | undefined;
  /** The customer's keys come by SIP INFO alone. */
  readonly keysImpossible: boolean;
}

/** Why no payment can be started in a call now; in this order, so that the first that is said can be mended first. */
export function paymentRefusal(state: CallState, chance: PaymentChance): Problem<ProblemCode> | undefined {
  const refused = agentRefusal(state);
  if (refused) return refused;
  if (!chance.cardProcessUp) {
    return { code: 'card-process-down', message: 'the card process is being started again: try again in a second' };
  }
  if (chance.closed) {
    return {
      code: 'payments-closed',
      message:
        chance.closed === 'closed'
          ? 'the leak canary found this line’s wall not good: no payment is taken until it finds it good again'
          : 'the wall of this line is being proven after a start: try again in a minute',
    };
  }
  if (chance.keysImpossible) {
    return {
      code: 'keys-impossible',
      message:
        "this call's carrier sends keys by SIP INFO, which must not carry a card: it has to send them as RFC 4733 events",
    };
  }
  return undefined;
}
