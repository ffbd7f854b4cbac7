import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROMPTS_FOLDER } from './language.ts';
import { readRules } from './rules.ts';
import { createSpeech } from './speech.ts';

interface Rules {
  numbers: Record<string, Record<string, unknown>[]>;
  money: Record<string, Record<string, unknown>>;
  signs: Record<string, string>;
}

function english(): Rules {
  const text = readFileSync(join(PROMPTS_FOLDER, 'en', 'prompts.json'), 'utf8');
  return (JSON.parse(text) as { rules: Rules }).rules;
}

/** What is found wrong with the English rules after a change to them. */
function problems(change: (rules: Rules) => void): string {
  const rules = english();
  change(rules);
  const read = readRules(rules);
  return read.ok ? '' : read.error.join('\n');
}

test('the rules of English are sound as they are', () => {
  expect(problems(() => {})).toBe('');
});

test('what is wrong with rules is said with its place', () => {
  const set = (...rules: Record<string, unknown>[]) => problems(({ numbers }) => void (numbers.number = rules));
  expect(problems(({ money }) => delete money.GBP)).toBe('money says nothing of GBP');
  expect(problems(({ money }) => delete money.USD?.both)).toBe('money.USD.both is missing');
  expect(problems(({ money }) => void (money.USD = { ...money.USD, whole: '{minor} dollars' }))).toContain(
    'money.USD.whole: "{minor}" can\'t stand here',
  );
  expect(problems(({ signs }) => delete signs.Q)).toBe('signs says nothing of Q');
  expect(problems(({ numbers }) => delete numbers.keys)).toContain('keys: there is no set "keys" in numbers');
  expect(set({ from: 1, say: 'n-{n}' })).toContain('numbers.number says nothing of 0');
  expect(set({ from: 0, say: 'many' })).toContain('numbers.number, rule from 0: says the same of 0 and 9999999');
  expect(set({ from: 0, say: 'n-{n}' })).toContain('needs more than 1000 fragments (0 … 9999999)');
  expect(set({ from: 0, say: 'n-{n}' }, { from: 100, by: 100, say: '{count} hundred', exact: 'x' })).toContain(
    'numbers.number, rule from 100: loses the rest, "say" needs {rest}',
  );
  expect(set({ from: 0, say: 'n-{n}' }, { from: 100, by: 100, say: '{count} hundred {rest}' })).toContain(
    '"exact" must say what is said without a rest',
  );
  expect(set({ from: 9, say: 'n-{n}' }, { from: 0, say: 'n-{n}' })).toContain('comes after the rule from 9');
  expect(set({ from: 0, say: 'N-{n}' })).toContain('"N-{n}" can\'t stand here');
  expect(set({ from: 0, say: 'n-{n}' }, { from: 50, by: 100, say: '{rest}', exact: 'x' })).toContain(
    'starts below its "by", 100',
  );
  expect(set({ from: 0, say: '../../{n}' })).toContain("can't stand here");
  expect(set({ from: 0, say: 'n-{n}', extra: 1 })).toContain('Unrecognized key');
});

test('rules by which a number grows out of all bounds are refused at once', () => {
  const read = problems(({ numbers }) => {
    for (let at = 0; at < 40; at++) {
      const [other, third] = [`set-${'x'.repeat((at * 7) % 20)}`, `set-${'x'.repeat((at * 11) % 20)}`];
      numbers[`set-${'x'.repeat(at % 20)}`] = [
        { from: 0, say: 'n-{n}' },
        { from: 3, by: 2, say: `{count:${other}} {rest:${third}} {rest}`, exact: `{count:${third}} {count:${other}}` },
      ];
    }
    numbers.number = numbers['set-'] ?? [];
  });
  expect(read).toContain('needs more than 60 fragments for one number');
});

test('numbers by twenties and feminine hundreds are rules, too', () => {
  const rules = english();
  rules.numbers.number = [
    { from: 0, say: 'n-{n}' },
    { from: 20, by: 10, say: 'n-{whole} {rest}', exact: 'n-{whole}' },
    { from: 60, by: 20, say: 'n-{whole} {rest}', exact: 'n-{whole}' },
    { from: 100, by: 100, say: 'n-{whole}-f {rest}', exact: 'n-{whole}-f' },
    { from: 1000, by: 1000, say: '{count} mil {rest}', exact: '{count} mil' },
  ];
  const read = readRules(rules);
  if (!read.ok) throw new Error(read.error.join('\n'));
  const { number } = createSpeech('fr', read.value);
  expect(number(77).join(' ')).toBe('n-60 n-17');
  expect(number(99).join(' ')).toBe('n-80 n-19');
  expect(number(200_280).join(' ')).toBe('n-200-f mil n-200-f n-80');
});

test('a language with more plurals than two says each', () => {
  const rules = english();
  rules.money.EUR = {
    major: { one: 'euro', few: 'eura', many: 'eur', other: 'euros' },
    minor: { other: 'cents' },
    whole: '{major} {major-unit}',
    both: '{major} {major-unit} {minor} {minor-unit}',
    part: '{minor} {minor-unit}',
  };
  const read = readRules(rules);
  if (!read.ok) throw new Error(read.error.join('\n'));
  const { amount } = createSpeech('pl', read.value);
  const said = [100, 200, 500, 2200].map((amountMinor) => amount({ amountMinor, currency: 'EUR' }).at(-1));
  expect(said).toEqual(['euro', 'eura', 'eur', 'eura']);
});
