import type { ProblemCode } from '@tonegate/api-schema';
import type { Refusal } from '../card-link/contract.ts';
import type { Problem } from '../shared/result.ts';

/** What an API client is told when the card process won't take a payment, or an action on one. */
export function refusalProblem(why: Refusal | 'card-process-down'): Problem<ProblemCode> {
  switch (why) {
    case 'attempt-alive':
      return {
        code: 'attempt-alive',
        message: 'an earlier payment of this order is not settled yet: wait for its result before another is started',
      };
    case 'in-payment':
      return { code: 'already-in-payment', message: 'this call is in a payment already' };
    case 'already-paid':
      return { code: 'already-ended', message: 'this order is paid already' };
    case 'already-settled':
      return { code: 'already-ended', message: 'this is done already' };
    case 'draining':
      return { code: 'draining', message: 'the server is being stopped: no new payments' };
    case 'not-possible':
      return {
        code: 'not-possible',
        message: "this merchant's payment service can't do this, or not with this payment",
      };
    case 'no-such-gateway':
      return { code: 'not-possible', message: "this merchant's payment service can't do this, or none is set up" };
    case 'no-such-payment':
      return { code: 'not-possible', message: 'the card process knows nothing of that payment' };
    case 'amount-unfit':
      return { code: 'amount-unfit', message: "the payment service doesn't take this amount" };
    case 'currency-refused':
      return { code: 'currency-refused', message: "this merchant's payment service doesn't take this currency" };
    case 'too-late':
      return {
        code: 'too-late',
        message: 'the payment service is being asked, or the payment is being stopped: the outcome comes in a moment',
      };
    case 'limit-reached':
      return { code: 'not-possible', message: 'this was done as often as it can be in one payment' };
    case 'member-missing':
      return { code: 'member-missing', message: 'this needs the member whose card it is' };
    case 'no-such-language':
      return { code: 'no-such-language', message: "the guide doesn't speak this language" };
    default:
      return {
        code: 'card-process-down',
        message: `the card process can't take a payment now (${why}): the call goes on, try again in a moment`,
      };
  }
}
