// A whole run at trace level: whatever Tonegate wrote or answered is searched for the digits that customers keyed.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { atStep, cardPid, hasNoOtherCard, kill, paysUpTo, type Talk, talking } from '../faults/trouble.ts';
import { CODE, EXPIRY, House } from '../house/house.ts';
import { type Find, findDigits, SHAPES } from './digits.ts';

/** Published test numbers; the sandbox declines the second one. */
const KEYED = {
  approved: '4242424242424242',
  declined: '5105105105105100',
  amex: '378282246310005',
  jcb: '3530111333300000',
  mistaken: '4242424242424241',
} as const;
const NUMBERS = Object.values(KEYED);

let house: House;
/** Everything the API answered, by its address. */
const answers: { where: string; bytes: Buffer }[] = [];
const realFetch = globalThis.fetch;

beforeAll(async () => {
  globalThis.fetch = async (input, init) => {
    const answer = await realFetch(input, init);
    const head = JSON.stringify([...answer.headers]);
    answers.push({ where: `answer ${answers.length}`, bytes: Buffer.from(head + (await answer.clone().text())) });
    return answer;
  };
  house = await House.open({ settings: { logLevel: 'trace' } });
});
afterAll(async () => {
  globalThis.fetch = realFetch;
  await house?.close();
});

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile());
}

function inFiles(folder: string): Find[] {
  return filesOf(folder).flatMap((file) => findDigits(path.relative(folder, file), readFileSync(file), NUMBERS));
}

async function keysCard(talk: Talk, card: string, how: 'event' | 'tone' | 'both'): Promise<void> {
  const { phone } = talk;
  await atStep(talk, 'confirmation');
  await phone.keys('1', { how });
  await atStep(talk, 'card-number');
  await phone.keys(card, { how });
  await atStep(talk, 'expiry');
  await phone.keys(EXPIRY, { how });
  await atStep(talk, 'security-code');
  await phone.keys(card === KEYED.amex ? `${CODE}4` : CODE, { how });
}

test('twelve digits are found in whatever shape they are written, and eleven are not', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tonegate-planted-'));
  try {
    for (const number of NUMBERS) {
      const digits = number.slice(1, 13);
      const around = (bytes: Buffer) => Buffer.concat([Buffer.from('{"level":'), bytes, Buffer.from('}')]);
      for (const [shape, write] of Object.entries(SHAPES)) {
        expect(findDigits('', around(write(digits)), [number]), shape).toContainEqual({ where: '', shape });
      }
      for (const before of ['', 'a', 'ab']) {
        const text = Buffer.from(Buffer.from(`${before}${digits}z`).toString('base64'));
        const raw = Buffer.concat([Buffer.from(before), Buffer.from(Array.from(digits, Number))]);
        expect(findDigits('', around(text), [number])).toEqual([{ where: '', shape: 'Base64 of ASCII' }]);
        const bytes = Buffer.from(raw.toString('base64'));
        expect(findDigits('', around(bytes), [number])).toEqual([{ where: '', shape: 'Base64 of bytes 0-9' }]);
      }
      for (const between of [' ', '-', ',', ', ', '","']) {
        expect(findDigits('', Buffer.from([...digits].join(between)), [number])).toHaveLength(1);
      }
      expect(findDigits('', Buffer.from(`a ${digits.slice(0, 11)} b`), [number])).toEqual([]);
    }
    writeFileSync(path.join(folder, 'a.log'), `{"msg":"keyed ${KEYED.amex}"}\n`);
    const db = new DatabaseSync(path.join(folder, 'b.sqlite'));
    db.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (x TEXT)');
    db.prepare('INSERT INTO t VALUES (?)').run(KEYED.jcb);
    const found = inFiles(folder).map(({ where }) => where);
    expect(found).toContain('a.log');
    expect(found).toContain('b.sqlite-wal');
    db.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('no card digit is in any log, database, settings file or answer of a whole run', {
  timeout: 180_000,
}, async () => {
  const talk = await talking(house);
  const { agent, phone } = talk;
  // A customer who keys it before anybody asked.
  await phone.keys(KEYED.approved);
  // An agent, or a core system, who writes it where an order's number belongs.
  for (const reference of [KEYED.approved, KEYED.amex.replace(/(.{4})/g, '$1-')]) {
    await expect(agent.startPayment({ ...house.order(), reference })).rejects.toThrow('400');
  }
  await expect(agent.request('GET', `/v1/payments/${KEYED.jcb}`)).rejects.toThrow('400');
  await expect(agent.request('GET', `/v1/calls?cursor=${KEYED.jcb}`)).rejects.toThrow('400');

  const ids: string[] = [];
  const paid = async (card: string, how: 'event' | 'tone' | 'both', outcome: string) => {
    const { id } = await agent.startPayment(house.order());
    ids.push(id);
    await keysCard(talk, card, how);
    if (outcome === 'declined') await hasNoOtherCard(talk);
    expect((await agent.outcome(40_000)).outcome).toBe(outcome);
  };
  await paid(KEYED.approved, 'event', 'approved');
  await paid(KEYED.declined, 'tone', 'declined');

  // A wrong number, then the right one.
  ids.push((await paysUpTo(talk, house.order(), KEYED.mistaken, 'card-number')).id);
  await phone.keys(`${KEYED.mistaken}#`);
  await agent.until(({ call }) => call?.payment?.mistakes === 1, 10_000, 'the mistake');
  await phone.keys(KEYED.amex, { how: 'both' });
  await atStep(talk, 'expiry');
  await phone.keys(EXPIRY);
  await atStep(talk, 'security-code');
  await phone.keys(`${CODE}4`);
  expect((await agent.outcome(40_000)).outcome).toBe('approved');

  // Cancelled with a whole number keyed; and the card process killed over one.
  const cancelled = await paysUpTo(talk, house.order(), KEYED.jcb, 'expiry');
  await agent.post(`/v1/payments/${cancelled.id}/cancel`, {});
  expect((await agent.outcome(15_000)).outcome).toBe('cancelled');
  ids.push(cancelled.id, (await paysUpTo(talk, house.order(), KEYED.declined, 'security-code')).id);
  await kill(cardPid(house));
  expect((await agent.outcome(15_000)).outcome).toBe('failed');

  for (const id of ids) await agent.request('GET', `/v1/payments/${id}`);
  await agent.request('GET', '/v1/calls?limit=50');
  for (const page of ['/metrics', '/healthz', '/openapi.json', '/v1/openapi.json']) {
    await fetch(`http://127.0.0.1:${house.stack.ports.http}${page}`);
  }
  answers.push({ where: 'events', bytes: Buffer.from(JSON.stringify(agent.said)) });
  expect(ids).toHaveLength(5);
  expect(answers.length).toBeGreaterThan(20);
  expect(answers.flatMap(({ where, bytes }) => findDigits(where, bytes, NUMBERS))).toEqual([]);

  // While everything runs: what isn't in the databases yet is in their logs.
  const { folder } = house.stack;
  const sizes = new Map(filesOf(folder).map((file) => [path.relative(folder, file), statSync(file).size]));
  for (const file of ['tonegate.sqlite-wal', 'card/ledger/ledger.sqlite-wal', 'media-server.log', 'card/card.log']) {
    expect(sizes.get(file), file).toBeGreaterThan(1000);
  }
  expect(readFileSync(path.join(folder, 'media-server.log'), 'utf8')).toContain('"level":"trace"');
  expect(inFiles(folder)).toEqual([]);

  await house.clear();
  await house.stack.stop();
  expect(inFiles(folder)).toEqual([]);
});
