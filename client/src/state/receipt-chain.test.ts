import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { followChain } from './receipt-chain.ts';

const sha = async (text: string): Promise<string> => createHash('sha256').update(text).digest('hex');
/** As the server makes them: names sorted, no spaces. */
const digestOf = (record: object): Promise<string> =>
  sha(JSON.stringify(record, Object.keys({ ...record, customerToSfu: 0 }).sort()));

async function chain(length: number, change: (record: Record<string, unknown>, number: number) => void = () => {}) {
  const receipts: { record: Record<string, unknown>; signature: string }[] = [];
  let previous = '0'.repeat(64);
  for (let number = 7; number < 7 + length; number += 1) {
    const record = { previous, number, merchant: 'm', forwarded: { customerToSfu: 0 } };
    previous = await digestOf(record);
    change(record, number);
    receipts.push({ record, signature: 's' });
  }
  return { receipts, head: { number: 6 + length, digest: previous } };
}

test('a piece of a chain is whole where each follows the one before, and to the end where the end fits', async () => {
  const whole = await chain(3);
  expect(await followChain(whole, sha)).toEqual({ count: 3, first: 7, last: 9, toTheEnd: true, findings: [] });
  expect(await followChain({ ...whole, head: null }, sha)).toMatchObject({ toTheEnd: false, findings: [] });
  expect(await followChain({ receipts: [], head: null }, sha)).toMatchObject({ count: 0, first: null, last: null });
});

test('what is missing, changed, cut off or tells of packets that passed is found', async () => {
  const whole = await chain(3);
  const without = { ...whole, receipts: whole.receipts.filter((_, index) => index !== 1) };
  expect((await followChain(without, sha)).findings).toEqual([{ number: 9, what: 'missing' }]);
  const changed = await chain(3, (record, number) => {
    if (number === 8) record['merchant'] = 'other';
  });
  expect((await followChain(changed, sha)).findings).toEqual([{ number: 9, what: 'unlinked' }]);
  const short = { ...whole, receipts: whole.receipts.slice(0, 2) };
  expect((await followChain(short, sha)).findings).toEqual([{ number: 8, what: 'end' }]);
  const leak = await chain(1, (record) => {
    record['forwarded'] = { customerToSfu: 2 };
  });
  expect((await followChain({ ...leak, head: null }, sha)).findings).toEqual([{ number: 7, what: 'passed' }]);
});
