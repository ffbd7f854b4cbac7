import type { MoneyAction } from '../../media-server/src/cde/contract.ts';
import type { GatewayCredentials } from '../../media-server/src/cde/gateways/gateway-settings.ts';

/** How a payment service behaves, as far as money's safety depends on it. */
export interface Kind {
  readonly name: string;
  /** Whether a transaction is made first, without a card. */
  readonly twoSteps: boolean;
  /**
   * What the same request with the same reference does when it comes again: nothing more, and the first answer; nothing
   * more, and it is refused as a duplicate; all of it again.
   */
  readonly repeats: 'once' | 'refused' | 'again';
  /** Whether a look-up knows what was done at once, after a while (until then: absent), or there is none. */
  readonly lookUp: 'at once' | 'late' | 'none';
  /** How long it may be working on a request, its look-up saying so, ms; 0: it has a result or nothing. */
  readonly pendingMs: number;
  /** What makes a reversal that is asked for twice give back once; or there is none. */
  readonly reversal: 'by key' | 'by state' | 'none';
  /** Actions that aren't looked up by their own reference but by the state of the payment that they change, whole. */
  readonly byOrder: readonly MoneyAction[];
}

const HOUR_MS = 3_600_000;
const ALL: readonly MoneyAction[] = ['capture', 'void', 'refund'];
const PLAIN: Omit<Kind, 'name'> = {
  twoSteps: false,
  repeats: 'once',
  lookUp: 'at once',
  pendingMs: 0,
  reversal: 'by key',
  byOrder: [],
};

/** The services of the adapters, as their documents have them (docs/money.md#what-the-services-do). */
const OF_ADAPTERS: Record<GatewayCredentials['kind'], readonly Kind[]> = {
  sandbox: [
    { ...PLAIN, name: 'sandbox', pendingMs: 60_000 },
    { ...PLAIN, name: 'sandbox, two steps', twoSteps: true, pendingMs: 60_000 },
  ],
  http: [{ ...PLAIN, name: 'http', pendingMs: 2 * HOUR_MS }],
  'gmo-openapi': [{ ...PLAIN, name: 'gmo-openapi', reversal: 'by state', byOrder: ALL }],
  'gmo-idpass': [
    { ...PLAIN, name: 'gmo-idpass', twoSteps: true, repeats: 'refused', reversal: 'by state', byOrder: ALL },
  ],
  stripe: [
    { ...PLAIN, name: 'stripe', twoSteps: true, repeats: 'refused', pendingMs: HOUR_MS, byOrder: ['capture', 'void'] },
  ],
  komoju: [{ ...PLAIN, name: 'komoju', pendingMs: 24 * HOUR_MS, reversal: 'by state', byOrder: ['capture', 'void'] }],
};

/** Worse ones, which may stand behind the HTTP adapter or come with the next one. */
const WORSE: readonly Kind[] = [
  { ...PLAIN, name: 'late look-up', lookUp: 'late' },
  { ...PLAIN, name: 'not idempotent', repeats: 'again', reversal: 'by state' },
  { ...PLAIN, name: 'two steps, not idempotent, late look-up', twoSteps: true, repeats: 'again', lookUp: 'late' },
  { ...PLAIN, name: 'no look-up', lookUp: 'none' },
  { ...PLAIN, name: 'two steps, no look-up', twoSteps: true, repeats: 'again', lookUp: 'none' },
  { ...PLAIN, name: 'no reversal', reversal: 'none' },
  { ...PLAIN, name: 'no reversal, late look-up, pending', lookUp: 'late', pendingMs: HOUR_MS, reversal: 'none' },
];

export const KINDS: readonly Kind[] = [...Object.values(OF_ADAPTERS).flat(), ...WORSE];
