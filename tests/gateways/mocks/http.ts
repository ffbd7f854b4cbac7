import { TIMEOUT_MS } from '../world.ts';
import {
  ABSENT,
  type Asked,
  chargeStored,
  declined,
  failed,
  lookUp,
  NO_ANSWER,
  operate,
  pay,
  reverse,
  UNKNOWN,
} from './asked.ts';

const PAID = { is: 'approved', receipt: 'R-1', transaction: 'T-1', brand: 'visa', lastFour: '4242' };
const KEPT = { is: 'approved', storedCard: 'C-7', brand: 'visa', lastFour: '4242' };

/** What the HTTP adapter makes of each answer that docs/openapi/http-adapter.yaml shows. */
export const HTTP: readonly Asked[] = [
  {
    operation: 'carryOut',
    ask: pay('charge'),
    means: {
      '200 approved': PAID,
      '200 processing': UNKNOWN,
      '200 brand': failed('brand-refused'),
      '200 without-words': failed('gateway-refused'),
      '201 approved': PAID,
      '202 processing': UNKNOWN,
      '400 unfit': failed('gateway-refused'),
      '401 wrong-key': failed('gateway-settings'),
      '402 refused': declined('card-refused'),
      '402 funds': declined('funds'),
      '402 limit': declined('limit'),
      '402 expired': declined('card-expired'),
      '402 code': declined('security-code-wrong'),
      '402 number': declined('card-number-wrong'),
      '403 not-allowed': failed('gateway-settings'),
      '409 other': UNKNOWN,
      '422 unfit': failed('gateway-refused'),
      '429 busy': failed('gateway-busy'),
      '500 broken': UNKNOWN,
      '503 busy': failed('gateway-busy'),
    },
  },
  { operation: 'carryOut', ask: pay('authorize'), means: { '201 approved': PAID } },
  { operation: 'carryOut', ask: pay('card-update'), means: { '201 kept': KEPT } },
  { operation: 'carryOut', ask: pay('card-update', 'C-6'), means: { '201 kept': KEPT } },
  { operation: 'carryOut', ask: chargeStored(), means: { '200 no-such-card': failed('no-such-card') } },
  { operation: 'carryOut', ask: chargeStored('C-7'), means: { '201 approved': PAID } },
  { operation: 'carryOut', ask: operate('capture'), means: { '200 approved': PAID } },
  { operation: 'carryOut', ask: operate('void'), means: { '200 approved': PAID } },
  { operation: 'carryOut', ask: operate('refund', 300), means: { '200 approved': PAID } },
  {
    operation: 'lookUp',
    ask: lookUp('charge'),
    means: {
      '200 approved': PAID,
      '200 processing': { is: 'pending' },
      '200 declined': declined('funds'),
      '200 reversed': { is: 'reversed' },
      '401 wrong-key': NO_ANSWER,
      '403 not-allowed': NO_ANSWER,
      '404 absent': ABSENT,
      '429 busy': NO_ANSWER,
      '500 broken': NO_ANSWER,
      '503 busy': NO_ANSWER,
    },
  },
  {
    operation: 'lookUp',
    ask: (world) => world.gateway.test(TIMEOUT_MS),
    means: {
      '404 absent': 'works',
      '401 wrong-key': 'gateway-settings',
      '403 not-allowed': 'gateway-settings',
      '503 busy': 'gateway-busy',
      // Whoever knows an attempt that nobody made isn't what was meant.
      '200 approved': 'gateway-refused',
    },
  },
  {
    operation: 'reverse',
    ask: reverse,
    means: {
      '200 reversed': 'reversed',
      '200 processing': 'no-answer',
      '401 wrong-key': 'no-answer',
      '403 not-allowed': 'no-answer',
      '404 absent': 'no-answer',
      '429 busy': 'no-answer',
      '500 broken': 'no-answer',
      '503 busy': 'no-answer',
    },
  },
];
