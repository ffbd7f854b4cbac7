import { expect, test } from 'vitest';
import { asked, endOf, lastSaid, type Line, lineOf, progressOf, said } from './line.testing.ts';

const FIELDS = ['confirmation', 'card-number', 'expiry', 'security-code'] as const;

function codeWanted(): Line {
  const phone = lineOf({ purpose: 'verify' });
  phone.begin();
  phone.input({ type: 'code-digest', salt: '00'.repeat(16), digest: 'ff'.repeat(32), validMs: 300_000 });
  return phone;
}

function languageOffered(): Line {
  const phone = lineOf({ languages: ['ja', 'en'] });
  phone.begin();
  return phone;
}

/** Every question, with the keys that are commands there. */
const QUESTIONS: readonly { readonly name: string; readonly ask: () => Line; readonly commands: string }[] = [
  ...FIELDS.map((name) => ({ name, ask: () => asked(name), commands: '089' })),
  { name: 'one-time-code', ask: codeWanted, commands: '0789' },
  { name: 'language', ask: languageOffered, commands: '089' },
];

for (const { name, ask, commands } of QUESTIONS) {
  const isOneKey = name === 'confirmation' || name === 'language';

  test(`*0 alone returns to the agent from ${name}, also half-way through it`, () => {
    for (const keys of isOneKey ? ['*0'] : ['*0', '12*0']) {
      const phone = ask();
      phone.keys(keys, 2);
      phone.wait(1499);
      expect(endOf(phone)).toBeUndefined();
      phone.wait(1);
      expect(lastSaid(phone)).toEqual(['returning']);
      phone.listen();
      expect(endOf(phone)).toEqual({ outcome: 'cancelled', reason: 'by-customer' });
    }
  });

  test(`*9 alone asks ${name} again, with an empty field`, () => {
    const phone = ask();
    const question = lastSaid(phone).slice(name === 'confirmation' ? lastSaid(phone).indexOf('reference-is') : 0);
    phone.listen();
    phone.keys('*9', 2);
    phone.wait(1500);
    expect(lastSaid(phone)).toEqual(question);
    expect(progressOf(phone)).toMatchObject({ keys: 0, mistakes: 0 });
  });

  test(`*8 alone makes it gentle in ${name}`, () => {
    const phone = ask();
    phone.keys('*8', 2);
    phone.wait(1500);
    expect(lastSaid(phone)[0]).toBe('gentle-on');
    expect(progressOf(phone)).toMatchObject({ gentle: true, keys: 0 });
  });

  test(`what begins like a command and goes on within 1.5 s is data in ${name}, at one, two and five keys a second`, () => {
    for (const command of commands) {
      for (const perSecond of [1, 2, 5]) {
        const phone = ask();
        phone.listen();
        const before = said(phone).length;
        phone.keys(`*${command}2`, perSecond);
        const keys = isOneKey ? 1 : 2;
        expect(progressOf(phone), `*${command} at ${perSecond}`).toMatchObject({ keys, gentle: false });
        // Nothing of a command was done: no question, no new code, no end.
        phone.wait(1499);
        expect(said(phone).length).toBe(before);
        expect(phone.outputs.filter(({ type }) => type === 'code-wanted' || type === 'telling').length).toBe(
          name === 'one-time-code' ? 1 : 0,
        );
      }
    }
  });
}

test('*0827 is the date 08/27 at one, two and five keys a second', () => {
  for (const perSecond of [1, 2, 5]) {
    const phone = asked('expiry');
    phone.keys('*0827', perSecond);
    expect(progressOf(phone)?.step).toBe('security-code');
    phone.keys('123', 3);
    expect([...(phone.card?.expiry ?? [])].join('')).toBe('0827');
  }
});

test('a security code may begin with any command’s key after a star', () => {
  for (const code of ['012', '789', '812', '912']) {
    for (const perSecond of [1, 2, 5]) {
      const phone = asked('security-code');
      phone.keys(`9*${code}`, perSecond);
      expect([...(phone.card?.securityCode ?? [])].join('')).toBe(code);
    }
  }
});

test('*7 is nothing but a 7 where no code was sent', () => {
  const phone = asked('expiry');
  phone.keys('*7', 2);
  phone.wait(1600);
  expect(progressOf(phone)).toMatchObject({ step: 'expiry', keys: 1 });
});

test('a hash after a command’s key makes it data', () => {
  const phone = asked('expiry');
  phone.keys('*0#', 2);
  expect(lastSaid(phone)[0]).toBe('too-short');
});
