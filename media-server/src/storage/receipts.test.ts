import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../shared/ids.ts';
import { digestOf } from '../shared/signed-chain.ts';
import { addMerchant, addOrganisation } from './merchants.ts';
import { addReceipt, receiptsFrom, signedHeadOf, type SignedReceipt, type SilenceFacts } from './receipts.ts';
import type { Storage } from './storage.ts';
import { memoryStorage, testSigner } from './test-storage.ts';

const PROGRAM = fileURLToPath(new URL('../../../verify', import.meta.url));
const signer = testSigner();
let storage: Storage;
let folder: string;
let merchant: string;

beforeEach(async () => {
  storage = await memoryStorage();
  folder = mkdtempSync(join(tmpdir(), 'receipts-'));
  const organisation = await addOrganisation(storage, 'O', 1);
  const row = { organisation: organisation.id, name: 'M', timeZone: 'UTC', currency: 'JPY', language: 'ja' } as const;
  merchant = (await addMerchant(storage, row, 1)).id;
});
afterEach(async () => {
  await storage.destroy();
  rmSync(folder, { recursive: true });
});

function facts(over: Partial<SilenceFacts> = {}): SilenceFacts {
  return {
    payment: newId(),
    call: newId(),
    purpose: 'charge',
    outcome: 'approved',
    reason: 'none',
    outcomeAt: 1000,
    wall: { shutAt: 10, openAt: 1100 },
    forwarded: { customerToSfu: 0, customerToAgent: 0, agentToCustomer: 0 },
    kept: { ofCustomer: 500, ofAgent: 480 },
    keys: { events: 24, tones: 0 },
    recorder: 'absent',
    wiped: 7,
    ...over,
  };
}

async function chain(count: number): Promise<SignedReceipt[]> {
  for (let i = 0; i < count; i++) await addReceipt(storage, merchant, facts(), signer, 2000 + i);
  return receiptsFrom(storage, merchant, 1);
}

const head = () => signedHeadOf(storage, merchant, signer, 5000);

function check(
  receipts: readonly unknown[],
  head?: unknown,
  key = signer.publicKey,
  ...more: string[]
): Promise<{ status: number; text: string }> {
  writeFileSync(join(folder, 'key.pem'), key);
  return run({ receipts, head }, '--key', 'key.pem', ...more);
}

/** Runs a copy of the program in a folder that has nothing else of the project, offline and without an environment. */
function run(file: object, ...words: string[]): Promise<{ status: number; text: string }> {
  writeFileSync(join(folder, 'receipts.json'), JSON.stringify(file));
  cpSync(PROGRAM, join(folder, 'program'), { recursive: true });
  const program = join(folder, 'program', 'tonegate-verify.mjs');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, 'receipts.json', ...words],
      { cwd: folder, env: {} },
      (error, stdout, stderr) => {
        resolve({ status: error ? Number(error.code) : 0, text: stdout + stderr });
      },
    );
  });
}

test('a chain as it was written is found whole, by the public key alone', async () => {
  const receipts = await chain(4);
  const verdict = await check(receipts, await head(), signer.publicKey, '--first');
  expect(verdict.text).toContain('receipts 1 to 4: complete, unchanged, and no packet passed the wall.');
  expect(verdict.status).toBe(0);
  // A page of it is a chain too.
  expect((await check(receipts.slice(2))).status).toBe(0);
});

test('a receipt that is missing, changed, in another place, another merchant’s or cut off the end is found', async () => {
  const [one, two, three, four] = (await chain(4)) as [SignedReceipt, SignedReceipt, SignedReceipt, SignedReceipt];
  const changed = { ...two, record: { ...(two.record as object), outcome: 'declined' } };
  const other = newId();
  const organisation = (await storage.selectFrom('organisations').select('id').executeTakeFirstOrThrow()).id;
  const row = { id: other, organisation, name: 'X', timeZone: 'UTC', currency: 'JPY', language: 'ja' } as const;
  const defaults = { gentle: 0, cards: 2, brands: null, amountLimitMinor: null, agentsTypePhones: 0, createdAt: 1 };
  await storage
    .insertInto('merchants')
    .values({ ...row, ...defaults })
    .execute();
  await addReceipt(storage, other, facts(), signer, 1);
  const [foreign] = await receiptsFrom(storage, other, 1);
  const cases = [
    [[one, three, four], undefined, 'missing: receipt 2'],
    [[one, changed, three, four], undefined, 'receipt 2 was changed'],
    [[one, three, two, four], undefined, 'the order was changed'],
    [[foreign, two], undefined, "receipt 2 is another merchant's"],
    [[one, two, three], await head(), 'the chain ends with receipt 4'],
    [[one, two, 'no receipt'], undefined, 'is no receipt'],
    // Whoever cuts the end off can't say that it was the end.
    [[one, two], { ...(await head()), number: 2, digest: digestOf(two.record) }, "the chain's end was changed"],
    [[one, two], { number: 2, digest: digestOf(two.record) }, "the chain's end was changed"],
  ] as const;
  for (const [receipts, head, words] of cases) {
    const verdict = await check(receipts, head);
    expect(verdict.text).toContain(words);
    expect(verdict.status).toBe(1);
  }
  expect((await check([two], undefined, signer.publicKey, '--first')).text).toContain('begins with receipt 2');
});

test('without a key of one’s own the one that came with the file is taken, and said to be that', async () => {
  const receipts = await chain(2);
  const file = { receipts, head: await head(), publicKey: signer.publicKey };
  const verdict = await run(file, '--first');
  expect(verdict.text).toContain(`Signed by the key ${signer.keyId}, which came with the file: compare it`);
  expect(verdict.text).toContain('Receipt 2 was the last one on 1970-01-01T00:00:05.000Z.');
  expect(verdict.status).toBe(0);
  expect(await run({ receipts })).toMatchObject({ status: 2, text: expect.stringContaining('without a public key') });
  expect((await check(receipts)).text).toContain("doesn't hold the end of the chain");
});

test('a receipt that was made by another key, or tells of packets that passed, is found', async () => {
  const receipts = await chain(1);
  expect((await check(receipts, undefined, testSigner().publicKey)).text).toContain('signed by another key');
  const forwarded = { customerToSfu: 3, customerToAgent: 0, agentToCustomer: null };
  await addReceipt(storage, merchant, facts({ forwarded }), signer, 3000);
  const verdict = await check(await receiptsFrom(storage, merchant, 1));
  expect(verdict.text).toContain('receipt 2 itself says that packets passed: customerToSfu 3');
  expect(verdict.status).toBe(1);
});

test('what can’t be checked ends with 2 and says how it is used', async () => {
  expect(await check([], undefined, 'no key')).toMatchObject({
    status: 2,
    text: expect.stringContaining('no usable key'),
  });
});

test('a payment has one receipt, and none can be changed or taken back', async () => {
  const same = facts();
  await addReceipt(storage, merchant, same, signer, 1);
  await addReceipt(storage, merchant, same, signer, 2);
  expect(await receiptsFrom(storage, merchant, 1)).toHaveLength(1);
  await expect(storage.deleteFrom('receipts').execute()).rejects.toThrow('append-only');
  await expect(storage.updateTable('receipts').set({ digest: '' }).execute()).rejects.toThrow('append-only');
});
