import type { Payment } from '@tonegate/api-schema';
import { paymentsOf } from '../calls/records.ts';
import type { Id } from '../shared/ids.ts';
import { findCall } from '../storage/calls.ts';
import { findPayment } from '../storage/payments.ts';
import type { Storage } from '../storage/storage.ts';
import type { PaymentRow } from '../storage/tables.ts';
import { type Caller, mayActFor, seesAll } from './auth.ts';
import type { ApiParts } from './parts.ts';

/** A payment as it is now, running or stored, where the caller may see it: agents what is theirs, others what is their merchants'. */
export async function visiblePayment(
  { calls, storage }: Pick<ApiParts, 'calls' | 'storage'>,
  caller: Caller,
  id: Id,
): Promise<Payment | undefined> {
  const running = calls.payment(id);
  if (running) return maySee(caller, running.merchant, (person) => calls.isPaymentOf(person, id)) ? running : undefined;
  const row = await findPayment(storage, id);
  if (!row || !(await maySeeStored(storage, caller, row))) return undefined;
  const [payment] = await paymentsOf(storage, [row]);
  return payment;
}

function maySee(caller: Caller, merchant: Id, isTheirs: (person: Id) => boolean): boolean {
  return mayActFor(caller, merchant) && (seesAll(caller) || (caller.kind === 'person' && isTheirs(caller.person.id)));
}

async function maySeeStored(storage: Storage, caller: Caller, row: PaymentRow): Promise<boolean> {
  const call = seesAll(caller) ? undefined : await findCall(storage, row.call);
  return maySee(caller, row.merchant, (person) => row.person === person || call?.person === person);
}
