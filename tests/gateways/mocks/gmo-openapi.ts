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

const PAID = {
  is: 'approved',
  receipt: '7654321',
  transaction: 'a'.repeat(32),
  brand: 'visa',
  lastFour: '4242',
};
const KEPT = { is: 'approved', transaction: 'a'.repeat(32), storedCard: '7', brand: 'visa', lastFour: '4242' };
const DONE = { is: 'approved', transaction: 'a'.repeat(32) };
const FAULTS = {
  '401 shop': failed('gateway-settings'),
  '402 refused': declined('card-refused'),
  '409 twice': UNKNOWN,
  '500 broken': UNKNOWN,
  '502 way': UNKNOWN,
  '502 work': UNKNOWN,
};
const NOT_POSSIBLE = {
  '400 state': failed('gateway-refused'),
  '400 late': failed('gateway-refused'),
  '400 often': failed('gateway-refused'),
};
const NOTHING_SAID = {
  '401 shop': NO_ANSWER,
  '500 broken': NO_ANSWER,
  '502 way': NO_ANSWER,
  '502 work': NO_ANSWER,
};

/** What the adapter of GMO-PG's OpenAPI type makes of each answer that docs/openapi/gmo-openapi-used.yaml shows. */
export const GMO_OPENAPI: readonly Asked[] = [
  {
    operation: 'charge',
    ask: pay('charge'),
    means: {
      ...FAULTS,
      '201 captured': PAID,
      // A hold where the money should be taken: what became of it, a look-up says.
      '201 authorized': UNKNOWN,
      '202 redirect': UNKNOWN,
      '400 number': declined('card-number-wrong'),
      '400 expiry': declined('card-expired'),
      '400 code': declined('security-code-wrong'),
      '400 amount': failed('gateway-refused'),
      '400 contract': failed('gateway-settings'),
      '400 header': failed('gateway-settings'),
      '400 request': failed('gateway-refused'),
      '400 missing': failed('gateway-refused'),
      '402 funds': declined('funds'),
      '402 limit': declined('limit'),
      '402 company': declined('card-refused'),
      '429 many': failed('gateway-busy'),
      '503 closed': failed('gateway-busy'),
    },
  },
  {
    operation: 'charge',
    ask: pay('authorize'),
    means: { '201 authorized': { ...PAID, brand: 'amex', lastFour: '0005' } },
  },
  {
    operation: 'chargeStored',
    ask: chargeStored(),
    means: { ...FAULTS, '201 captured': PAID, '400 member': failed('no-such-card') },
  },
  { operation: 'chargeStored', ask: chargeStored('7'), means: { '201 captured': PAID } },
  {
    operation: 'verifyCard',
    ask: pay('card-update'),
    means: { ...FAULTS, '201 kept': KEPT, '201 checked-only': UNKNOWN, '400 number': declined('card-number-wrong') },
  },
  { operation: 'verifyCard', ask: pay('card-update', '7'), means: { '201 kept': KEPT } },
  {
    operation: 'inquire',
    ask: lookUp('charge'),
    means: {
      ...NOTHING_SAID,
      '200 captured': PAID,
      '200 cancelled': { is: 'reversed' },
      '200 untouched': ABSENT,
      '200 declined': declined('funds'),
      '400 absent': ABSENT,
    },
  },
  { operation: 'inquire', ask: lookUp('card-update'), means: { '200 kept': KEPT, '400 absent': ABSENT } },
  {
    operation: 'inquire',
    ask: (world) => world.gateway.test(TIMEOUT_MS),
    means: { '200 captured': 'works', '400 absent': 'works', '401 shop': 'gateway-settings' },
  },
  {
    operation: 'capture',
    ask: operate('capture'),
    means: { ...FAULTS, ...NOT_POSSIBLE, '201 taken': DONE },
  },
  {
    operation: 'cancel',
    ask: operate('void'),
    means: { ...FAULTS, ...NOT_POSSIBLE, '201 cancelled': DONE },
  },
  { operation: 'cancel', ask: operate('refund'), means: { '201 cancelled': DONE } },
  { operation: 'cancel', ask: reverse, means: { '201 cancelled': 'reversed', '400 state': 'no-answer' } },
  {
    // The list of a member's cards is asked for when an inquiry says that the card was checked.
    operation: 'inquireMember',
    ask: lookUp('card-update'),
    beside: [{ operation: 'inquire', status: 200, example: 'kept' }],
    means: {
      '200 one': KEPT,
      '200 none': ABSENT,
      '400 number': NO_ANSWER,
      '401 shop': NO_ANSWER,
      '500 broken': NO_ANSWER,
    },
  },
];
