export interface CodeLimits {
  /** Codes in one payment, and the least time between two of them, ms. */
  readonly perPayment: number;
  readonly betweenMs: number;
  /** Codes within 24 hours: to one number, by one agent, for one API key. */
  readonly perPhone: number;
  readonly perAgent: number;
  readonly perKey: number;
}

/** What was sent before, or may have been; times are UTC ms. */
export interface EarlierCodes {
  readonly inPayment: number;
  readonly lastInPayment: number | undefined;
  readonly toPhone: number;
  /** By this agent or API key. */
  readonly byAsker: number;
}

export const DAY_MS = 86_400_000;

/** Whether another code may be sent. `too-soon` passes by itself, `limit` doesn't within this payment. */
export function mayBeSent(
  earlier: EarlierCodes,
  limits: CodeLimits,
  asker: 'agent' | 'key',
  now: number,
): 'yes' | 'limit' | 'too-soon' {
  const perAsker = asker === 'agent' ? limits.perAgent : limits.perKey;
  if (earlier.inPayment >= limits.perPayment) return 'limit';
  if (earlier.toPhone >= limits.perPhone || earlier.byAsker >= perAsker) return 'limit';
  const since = earlier.lastInPayment === undefined ? limits.betweenMs : now - earlier.lastInPayment;
  // A clock that was set back must not make the customer wait for hours.
  return since >= 0 && since < limits.betweenMs ? 'too-soon' : 'yes';
}
