/** The ways in which a customer's keys can come: RFC 4733 events, tones in the sound, or both at once. */
export const KEY_TRANSPORTS = ['event', 'tone', 'both'] as const;
export type KeyTransport = (typeof KEY_TRANSPORTS)[number];

/** Packets that passed while both valves had reported shut, by who counted them. All are 0 where the wall holds. */
export interface WallCounts {
  /** At the agent's end itself. */
  readonly atAgent: number;
  /** By the media worker: of the customer into the SFU and out to the agent, of the agent out to the customer's gate. */
  readonly fromCustomer: number;
  readonly toAgent: number;
  readonly toCustomer: number;
  /** By the gate: of the customer to the SFU, of the agent to the customer; null: it was gone before it could say. */
  readonly gateToSfu: number | null;
  readonly gateToCustomer: number | null;
  /** The loudest packet at the agent's end, dBFS; −120 where there was none. */
  readonly loudest: number;
  /** How often the worker was asked while the wall was shut: fewer than twice is no measurement. */
  readonly looks: number;
}

/** What kept a canary's call from its end. */
export type Trouble =
  | 'card-process-down'
  | 'no-media'
  | 'leg-refused'
  | 'not-heard-before'
  | 'payment-refused'
  | 'no-outcome'
  | 'wall-not-open'
  | 'not-heard-after'
  | 'broken';

/** One canary's call, measured. */
export interface CanaryMeasure {
  readonly transport: KeyTransport;
  readonly trouble: Trouble | undefined;
  /** Undefined: it never came to a wall. */
  readonly wall: WallCounts | undefined;
  /** Presses that the card process took, by what they came by first, and how many of them came by both. */
  readonly keys: { readonly event: number; readonly tone: number; readonly both: number };
  /** Whether the payment ended as it had to. */
  readonly outcomeFits: boolean;
}

/**
 * `leak`: something passed a valve that had reported shut. `failed`: nothing did, but the call couldn't be made, measured
 * or paid by these keys.
 */
export interface CanaryResult {
  readonly transport: KeyTransport;
  readonly verdict: 'passed' | 'leak' | 'failed';
  readonly why:
    | 'gate'
    | 'sfu'
    | 'gate-and-sfu'
    | 'keys-not-heard'
    | 'outcome-wrong'
    | 'not-measured'
    | Trouble
    | 'none';
}

const LEAST_LOOKS = 2;

/** What a measured call says. A leak counts whatever else went wrong. */
export function judge(measure: CanaryMeasure): CanaryResult {
  const { transport, wall, trouble } = measure;
  const leak = wall && leakOf(wall);
  if (leak) return { transport, verdict: 'leak', why: leak };
  const failed = (why: CanaryResult['why']): CanaryResult => ({ transport, verdict: 'failed', why });
  if (trouble) return failed(trouble);
  if (!wall || wall.looks < LEAST_LOOKS) return failed('not-measured');
  if (measure.keys[transport] === 0) return failed('keys-not-heard');
  return measure.outcomeFits ? { transport, verdict: 'passed', why: 'none' } : failed('outcome-wrong');
}

function leakOf(wall: WallCounts): 'gate' | 'sfu' | 'gate-and-sfu' | undefined {
  if (wall.atAgent > 0) return 'gate-and-sfu';
  const gate = wall.fromCustomer > 0 || (wall.gateToSfu ?? 0) > 0 || (wall.gateToCustomer ?? 0) > 0;
  const sfu = wall.toAgent > 0 || wall.toCustomer > 0;
  if (gate && sfu) return 'gate-and-sfu';
  return gate ? 'gate' : sfu ? 'sfu' : undefined;
}

/** Of the calls that weren't good, in words: `tone: leak, gate; both: leak, gate`. */
export function whyNotGood(results: readonly CanaryResult[]): string {
  return results
    .filter(({ verdict }) => verdict !== 'passed')
    .map(({ transport, verdict, why }) => `${transport}: ${verdict}, ${why}`)
    .join('; ');
}
