import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { type DialogueInput } from './dialogue.ts';
import { endOf, lastSaid, type Line, lineOf, progressOf, said } from './line.testing.ts';

const SALT = '0123456789abcdef0123456789abcdef';

/** What the server sends for a code. */
function codeDigest(code: string, validMs = 300_000): DialogueInput {
  const digest = createHmac('sha256', Buffer.from(SALT, 'hex')).update(code).digest('hex');
  return { type: 'code-digest', salt: SALT, digest, validMs };
}

function called(): Line {
  const phone = lineOf({ purpose: 'verify', order: { amountMinor: 0, currency: 'JPY', reference: 'A-1' } });
  phone.begin();
  return phone;
}

function sent(code = '012345'): Line {
  const phone = called();
  phone.listen();
  phone.input(codeDigest(code));
  return phone;
}

const wanted = (phone: Line): boolean[] =>
  phone.outputs.flatMap((output) => (output.type === 'code-wanted' ? [output.again] : []));

test('a person who keys the code of the message is verified; no gateway is asked', () => {
  const phone = called();
  expect(wanted(phone)).toEqual([false]);
  expect(progressOf(phone)?.step).toBe('sending-code');
  phone.listen();
  phone.wait(5000);
  phone.input(codeDigest('012345'));
  expect(progressOf(phone)?.step).toBe('one-time-code');
  phone.listen();
  phone.keys('012345', 2);
  expect(phone.outputs.at(-1)).toEqual({ type: 'telling', result: { outcome: 'approved', reason: 'none' } });
  phone.listen();
  expect(endOf(phone)).toEqual({ outcome: 'approved', reason: 'none' });
  expect(phone.outputs.some(({ type }) => type === 'authorize' || type === 'charge-stored')).toBe(false);
  expect(said(phone)).toEqual([
    ...['opening-verify', 'pause', 'sending-code'],
    ...['one-time-code', 'verified', 'pause', 'returning'],
  ]);
});

test('three wrong codes end it, and no fourth is looked at', () => {
  const phone = sent();
  for (const code of ['543210', '111111']) {
    phone.keys(code, 3);
    phone.wait(1500);
    expect(lastSaid(phone)[0]).toBe('code-wrong');
  }
  phone.keys('222222', 3);
  phone.wait(1500);
  expect(lastSaid(phone)).toEqual(['not-verified', 'pause', 'returning']);
  phone.keys('012345', 3);
  phone.listen();
  expect(endOf(phone)).toEqual({ outcome: 'failed', reason: 'code-wrong' });
});

test('neither another code nor the agent gives a fourth try', () => {
  const phone = sent();
  phone.keys('543210', 3);
  phone.wait(1500);
  phone.keys('111111', 3);
  phone.wait(1500);
  phone.input({ type: 'ask-again', field: 'one-time-code' });
  phone.keys('*7', 2);
  phone.wait(1500);
  phone.input(codeDigest('777777'));
  phone.keys('012345', 3);
  phone.wait(1500);
  expect(phone.outputs.at(-1)).toEqual({ type: 'telling', result: { outcome: 'failed', reason: 'code-wrong' } });
});

test('a code is good for its time and no longer', () => {
  const inTime = sent();
  inTime.wait(8000);
  inTime.input(codeDigest('012345'));
  expect(wanted(inTime)).toEqual([false]);

  const phone = called();
  phone.input(codeDigest('012345', 5000));
  phone.wait(5000);
  phone.keys('012345', 3);
  phone.wait(1500);
  expect(lastSaid(phone)).toEqual(['code-expired', 'pause', 'another-code']);
});

test('the customer has another code sent by *7, and the old one is good no more', () => {
  const phone = sent('012345');
  phone.listen();
  phone.keys('*7', 2);
  phone.wait(1500);
  expect(wanted(phone)).toEqual([false, true]);
  expect(lastSaid(phone)).toEqual(['sending-code']);
  phone.listen();
  phone.input(codeDigest('678901'));
  expect(lastSaid(phone)).toEqual(['code-sent-again', 'pause', 'one-time-code']);
  phone.keys('012345', 3);
  phone.wait(1500);
  expect(lastSaid(phone)[0]).toBe('code-wrong');
  phone.keys('678901', 3);
  expect(phone.outputs.at(-1)).toMatchObject({ type: 'telling', result: { outcome: 'approved' } });
});

test('other codes have a limit, and one that can’t be sent leaves the old one', () => {
  const phone = sent('012345');
  for (const why of ['too-soon', 'limit', 'not-sent'] as const) {
    phone.keys('*7', 2);
    phone.wait(1500);
    phone.input({ type: 'code-refused', why });
    expect(lastSaid(phone)[0]).toBe(why === 'too-soon' ? 'code-too-soon' : 'no-other-code');
  }
  phone.keys('*7', 2);
  phone.wait(1500);
  expect(wanted(phone).length).toBe(4);
  expect(lastSaid(phone)[0]).toBe('no-other-code');
  phone.keys('012345', 3);
  expect(phone.outputs.at(-1)).toMatchObject({ type: 'telling', result: { outcome: 'approved' } });
});

test('a code that can’t be sent, or isn’t within half a minute, ends it in words', () => {
  const refused = called();
  refused.input({ type: 'code-refused', why: 'limit' });
  expect(lastSaid(refused)).toEqual(['code-not-sent', 'pause', 'returning']);

  const forgotten = called();
  forgotten.wait(30_000);
  forgotten.listen();
  expect(endOf(forgotten)).toEqual({ outcome: 'failed', reason: 'code-not-sent' });
});

test('a message that is quicker than its digest: what was keyed meanwhile counts', () => {
  const phone = called();
  phone.keys('012345', 3);
  phone.wait(10_000);
  expect(progressOf(phone)).toMatchObject({ step: 'sending-code', keys: 6, mistakes: 0 });
  phone.input(codeDigest('012345'));
  expect(phone.outputs.at(-1)).toMatchObject({ type: 'telling', result: { outcome: 'approved' } });
});

test('a new code keyed before its digest came is no wrong try', () => {
  const phone = sent('012345');
  phone.keys('*7', 2);
  phone.wait(1500);
  phone.keys('678901', 3);
  phone.wait(2000);
  phone.input(codeDigest('678901'));
  expect(phone.outputs.at(-1)).toMatchObject({ type: 'telling', result: { outcome: 'approved' } });
});

test('nothing of code or digest stays after the end', () => {
  const phone = sent('999999');
  phone.keys('99', 3);
  expect(phone.bytes().some((byte) => byte !== 0)).toBe(true);
  phone.input({ type: 'hung-up' });
  expect(phone.bytes().every((byte) => byte === 0)).toBe(true);
  expect(JSON.stringify(phone.outputs)).not.toContain('9999');
});
