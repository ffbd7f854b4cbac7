import { isOver, resultOf } from '../../media-server/src/cde/attempt/attempt.ts';
import type { Outcome } from '../../media-server/src/cde/contract.ts';
import type { Disk } from './disk.ts';
import type { GatewayModel } from './gateway-model.ts';
import type { World } from './world.ts';

const DAY_MS = 86_400_000;

export interface Evidence {
  readonly world: World;
  readonly disk: Disk;
  readonly gateway: GatewayModel;
  /** What people were told, by attempt. */
  readonly said: ReadonlyMap<string, ReadonlySet<Outcome>>;
  /** Requests that left, by reference. */
  readonly requests: ReadonlyMap<string, number>;
}

/** The ledger, the gateway's books and what people were told, when all is over. */
export function compareBooks(evidence: Evidence): void {
  compareAttempts(evidence);
  compareActions(evidence);
  compareOrder(evidence);
}

function compareAttempts({ world, disk, gateway, said, requests }: Evidence): void {
  const wrong = (what: string) => world.wrong(what);
  for (const row of disk.attempts.values()) {
    const { state, reference } = row;
    const { outcome } = resultOf(state);
    const entry = gateway.books.get(reference);
    const keeps = gateway.keeps(reference);
    if ((requests.get(reference) ?? 0) > 1) wrong('sent twice');
    if ((entry?.executed ?? 0) > 1) wrong('taken twice');
    if ((entry?.reversed ?? 0) > (entry?.executed ?? 0)) wrong('given back twice');
    if (!isOver(state.phase)) wrong(`left hanging in ${state.phase}`);
    if (outcome === 'approved' && keeps !== 1) wrong('approved, and not in the books');
    if ((outcome === 'failed' || outcome === 'declined') && keeps !== 0) wrong(`${outcome}, and in the books`);
  }
  for (const [id, outcomes] of said) {
    const keeps = gateway.keeps(disk.attempts.get(id)?.reference ?? '');
    if (outcomes.has('approved') && keeps !== 1) wrong('told approved, and not in the books');
    if (outcomes.has('declined') && keeps !== 0) wrong('told declined, and in the books');
    if (outcomes.has('failed') && keeps !== 0) wrong('told failed, and in the books');
  }
  for (const { purpose, attempt } of disk.payments.values()) {
    if (purpose === 'card-update' && attempt?.state.phase === 'done' && gateway.keeps(attempt.reference) !== 1)
      wrong('a card stored that the gateway doesn’t have');
  }
}

function compareActions({ world, disk, gateway }: Evidence): void {
  const wrong = (what: string) => world.wrong(what);
  for (const { attempt, of, purpose, amountMinor } of disk.payments.values()) {
    if (!attempt || of !== undefined) continue;
    const sums = { capture: 0, void: 0, refund: 0 };
    for (const entry of gateway.books.values()) {
      if (entry.of === attempt.reference && entry.status === 'approved')
        sums[entry.purpose as keyof typeof sums] += entry.amountMinor * entry.executed;
    }
    const captured = purpose === 'authorize' ? sums.capture : amountMinor;
    if (purpose === 'authorize' && sums.capture + sums.void > amountMinor)
      wrong('captured or voided above what was held');
    if (sums.refund > captured) wrong('refunded above what was captured');
    if (purpose !== 'authorize' && sums.refund + sums.void > captured)
      wrong('refunded and voided above what was captured');
  }
}

/** An order is paid once within a day of the clocks that it was written by, unless that was given back in between. */
function compareOrder({ world, disk, gateway }: Evidence): void {
  const paid = [...disk.payments].filter(([id, { attempt, of, purpose }]) => {
    if (!attempt || of !== undefined || purpose === 'card-update' || gateway.keeps(attempt.reference) < 1) return false;
    return ![...disk.payments.values()].some(
      (other) => other.of === id && other.purpose !== 'capture' && other.attempt?.state.phase === 'done',
    );
  });
  for (const [, one] of paid)
    for (const [, next] of paid) {
      const paidAt = one.attempt?.newsAt ?? 0;
      if (one !== next && one.number < next.number && next.openedAt - paidAt < DAY_MS)
        world.wrong('an order paid twice');
    }
}
