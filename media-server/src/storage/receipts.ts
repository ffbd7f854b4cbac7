import { canonical, digestOf, NO_DIGEST, type Plain, type RecordSigner } from '../shared/signed-chain.ts';
import type { Id } from '../shared/ids.ts';
import type { Storage } from './storage.ts';
import type { PaymentRow } from './tables.ts';

/** What happened in one payment, as far as the wall, the keys and the outcome go. Nothing of a card. */
export interface SilenceFacts {
  readonly payment: Id;
  readonly call: Id;
  readonly purpose: string;
  readonly outcome: string;
  readonly reason: string;
  /** UTC ms. */
  readonly outcomeAt: number;
  readonly wall: {
    /** When both valves had reported shut; null: they never did, and no word was said to the customer. */
    readonly shutAt: number | null;
    /** When the first of them opened; null: the call ended with the wall shut. */
    readonly openAt: number | null;
  };
  /** Packets that passed while it was shut, as each side counts them; null: that side was gone before it could say. */
  readonly forwarded: {
    readonly customerToSfu: number | null;
    readonly customerToAgent: number | null;
    readonly agentToCustomer: number | null;
  };
  /** Packets that were kept in and out meanwhile. */
  readonly kept: { readonly ofCustomer: number | null; readonly ofAgent: number | null };
  /** Presses that ended in the card process; null: whoever counted them died. */
  readonly keys: { readonly events: number | null; readonly tones: number | null };
  /** There is no recorder in this version; a recorder would say here that it was out. */
  readonly recorder: 'absent';
  /** How many buffers held digits, by the card process's word that each is zero; null: it died, and its memory with it. */
  readonly wiped: number | null;
}

/** A receipt as it is handed out. */
export interface SignedReceipt {
  readonly record: Plain;
  /** Ed25519 over the record, base64url. */
  readonly signature: string;
}

/** Receipts of one page. */
const PAGE_LIMIT = 1000;

/**
 * Appends a payment's receipt to its merchant's chain: numbered, naming the digest of the one before, signed. A payment
 * has one; a second call for it changes nothing.
 * @param now UTC ms
 */
export async function addReceipt(
  storage: Storage,
  merchant: Id,
  facts: SilenceFacts,
  signer: RecordSigner,
  now: number,
): Promise<void> {
  await storage.transaction().execute(async (transaction) => {
    const known = await transaction
      .selectFrom('receipts')
      .select('number')
      .where('payment', '=', facts.payment)
      .executeTakeFirst();
    if (known) return;
    const head = await headOf(transaction, merchant);
    const record = {
      version: 1,
      merchant,
      number: (head?.number ?? 0) + 1,
      previous: head?.digest ?? NO_DIGEST,
      at: now,
      key: signer.keyId,
      ...facts,
    } satisfies Record<string, Plain>;
    await transaction
      .insertInto('receipts')
      .values({
        merchant,
        number: record.number,
        payment: facts.payment,
        at: now,
        record: canonical(record),
        digest: digestOf(record),
        signature: signer.sign(record),
      })
      .execute();
  });
}

/**
 * Gives a payment that a server's death left its receipt, if it has none: what became of it, and of sound and keys that
 * nobody is left who counted. A payment without a customer at the keys (a capture, a refund) has no wall and no receipt.
 */
export async function addReceiptAfterDeath(
  storage: Storage,
  payment: PaymentRow,
  signer: RecordSigner,
  now: number,
): Promise<void> {
  const { id, call, merchant, purpose, outcome, reason, endedAt, about } = payment;
  if (outcome === null || endedAt === null || about !== null) return;
  const nobody = { customerToSfu: null, customerToAgent: null, agentToCustomer: null };
  const facts: SilenceFacts = {
    ...{ payment: id, call, purpose, outcome, reason: reason ?? 'none', outcomeAt: endedAt },
    wall: { shutAt: null, openAt: null },
    forwarded: nobody,
    kept: { ofCustomer: null, ofAgent: null },
    keys: { events: null, tones: null },
    recorder: 'absent',
    wiped: null,
  };
  await addReceipt(storage, merchant, facts, signer, now);
}

/** Payments with an outcome that have no receipt: their server died between the two. */
export function paymentsWithoutReceipt(storage: Storage): Promise<PaymentRow[]> {
  return storage
    .selectFrom('payments')
    .selectAll()
    .where('outcome', 'is not', null)
    .where('about', 'is', null)
    .where((where) => {
      const receipt = where.selectFrom('receipts').select('number').whereRef('receipts.payment', '=', 'payments.id');
      return where.not(where.exists(receipt));
    })
    .orderBy('id')
    .execute();
}

/** A chain's end as it stood at a time, signed: with it a verifier sees that none is missing at the end. */
export interface SignedHead {
  readonly merchant: Id;
  readonly number: number;
  readonly digest: string;
  /** UTC ms. */
  readonly at: number;
  /** Ed25519 over the other fields and `kind`: `receipts-head`, base64url. */
  readonly signature: string;
}

/** @param now UTC ms */
export async function signedHeadOf(
  storage: Storage,
  merchant: Id,
  signer: RecordSigner,
  now: number,
): Promise<SignedHead | undefined> {
  const head = await headOf(storage, merchant);
  if (!head) return undefined;
  const end = { merchant, number: head.number, digest: head.digest, at: now };
  return { ...end, signature: signer.sign({ ...end, kind: 'receipts-head' }) };
}

function headOf(storage: Storage, merchant: Id): Promise<{ number: number; digest: string } | undefined> {
  return storage
    .selectFrom('receipts')
    .select(['number', 'digest'])
    .where('merchant', '=', merchant)
    .orderBy('number', 'desc')
    .executeTakeFirst();
}

/** Numbers of the first and the last receipt of a merchant that were written in a period; undefined: none was. */
export async function receiptsOfPeriod(
  storage: Storage,
  merchant: Id,
  period: { readonly since: number; readonly until: number },
): Promise<{ first: number; last: number } | undefined> {
  const row = await storage
    .selectFrom('receipts')
    .select((row) => [row.fn.min('number').as('first'), row.fn.max('number').as('last')])
    .where('merchant', '=', merchant)
    .where('at', '>=', period.since)
    .where('at', '<', period.until)
    .executeTakeFirst();
  return row && row.first !== null ? { first: Number(row.first), last: Number(row.last) } : undefined;
}

/** A page of a merchant's receipts in order, from `first` to `last`: 1,000 at most. */
export async function receiptsFrom(
  storage: Storage,
  merchant: Id,
  first: number,
  last = Number.MAX_SAFE_INTEGER,
): Promise<SignedReceipt[]> {
  const rows = await storage
    .selectFrom('receipts')
    .select(['record', 'signature'])
    .where('merchant', '=', merchant)
    .where('number', '>=', first)
    .where('number', '<=', last)
    .orderBy('number')
    .limit(PAGE_LIMIT)
    .execute();
  return rows.map(({ record, signature }) => ({ record: JSON.parse(record) as Plain, signature }));
}
