import type { Reason } from '../../../media-server/src/cde/contract.ts';
import type { Answer, Found } from '../../../media-server/src/cde/gateways/gateway.ts';
import type { Id } from '../../../media-server/src/shared/ids.ts';
import type { Shown } from '../description.ts';
import type { MockWorld } from '../mock-world.ts';
import { TIMEOUT_MS } from '../world.ts';

/** The name that all shown answers are of. */
const REFERENCE = 'abcdefghijklmnopqrstuvwxyz' as Id;
const OF = { reference: 'zyxwvutsrqponmlkjihgfedcba' as Id, transaction: 'a'.repeat(32), amountMinor: 1200 };

/** Something that an adapter is asked. */
export type Ask = (world: MockWorld) => Promise<Answer | Found | string>;
export const pay =
  (purpose: 'charge' | 'authorize' | 'card-update', storedCard = ''): Ask =>
  async (world) =>
    (await world.pay(purpose, 'visa', { name: world.name(purpose, 1200, REFERENCE), storedCard })).answer;
export const chargeStored =
  (storedCard?: string): Ask =>
  async (world) =>
    (await world.chargeStored(storedCard, world.name('stored-charge', 1200, REFERENCE))).answer;
export const operate =
  (purpose: 'capture' | 'void' | 'refund', amountMinor = 1200): Ask =>
  (world) =>
    // An action is named by itself; what GMO-PG answers with is the order that it is about.
    world.operate({
      ...world.name(purpose, amountMinor, REFERENCE),
      purpose,
      of: { ...OF, ...(world.subject.kind === 'gmo-openapi' && { reference: REFERENCE }) },
    });
export const lookUp =
  (purpose: 'charge' | 'card-update'): Ask =>
  (world) =>
    world.gateway.lookUp(world.name(purpose, 1200, REFERENCE), TIMEOUT_MS);
export const reverse: Ask = (world) => world.gateway.reverse(world.name('charge', 1200, REFERENCE), TIMEOUT_MS);

/** A question, and what the adapter has to make of each answer that the description shows to that. */
export interface Asked {
  readonly operation: string;
  readonly ask: Ask;
  /** Answers to what else is asked then, where a first success won't do. */
  readonly beside?: readonly Shown[];
  /** By `<status> <example>`. */
  readonly means: Readonly<Record<string, object | string>>;
}

export const declined = (reason: Reason) => ({ is: 'declined', reason });
export const failed = (reason: Reason) => ({ is: 'failed', reason });
export const UNKNOWN = { is: 'unknown' };
export const NO_ANSWER = { is: 'no-answer' };
export const ABSENT = { is: 'absent' };

export interface Case extends Shown {
  readonly beside: readonly Shown[];
  readonly ask: Ask;
  readonly is: object | string;
}

export function casesOf(all: readonly Asked[]): Case[] {
  return all.flatMap(({ operation, ask, means, beside = [] }) =>
    Object.entries(means).map(([key, is]) => {
      const [status, example = ''] = key.split(' ');
      return { operation, status: Number(status), example, ask, beside, is };
    }),
  );
}
