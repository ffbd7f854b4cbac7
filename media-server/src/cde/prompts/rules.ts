/**
 * How a language says numbers, as data: the `rules` of its `prompts.json`. A set of rules turns a number into fragments;
 * the rule with the greatest `from` that isn't above the number says it. As in the rule-based number formats of Unicode
 * (CLDR), a rule may say a number by its parts, which are smaller numbers, so it always comes to an end.
 *
 * In `say`, words are fragments. Within a fragment's name `{n}` stands for the number, `{whole}` for the number without
 * the rest (`n-{whole}`: n-800 of 812). `{count}` is how often `by` fits, `{rest}` what remains, each said by the same
 * set, or by another one as in `{rest:other}`. `exact` is for numbers that leave no rest.
 */
import { z } from 'zod';
import { err, ok, type Result } from '../../shared/result.ts';
import { AMOUNT_LIMIT_MINOR, CURRENCIES, type Currency, MINOR_DIGITS } from '../../shared/money.ts';

/** The greatest number that is ever said. */
export const NUMBER_LIMIT = AMOUNT_LIMIT_MINOR;
/** Counts of keys that are said: the longest card number has 19. */
export const KEYS_SAID = 19;
/** Keys among which a language is chosen. */
export const CHOICES = 9;
/** Fragments that one rule can stand for, and one language may have. */
const RULE_FRAGMENTS = 1000;
const LANGUAGE_FRAGMENTS = 4000;
/** Fragments of one number at most. */
const NUMBER_FRAGMENTS = 60;
/** Pairs of a set and a range that are looked at to find a language's fragments. */
const RANGES = 10_000;

const FRAGMENT = /^[a-z][a-z0-9-]*$/;
const template = z.string().min(1).max(200);
const setName = z.string().regex(/^[a-z][a-z-]{0,31}$/);

const Rule = z.strictObject({
  from: z.int().min(0).max(NUMBER_LIMIT),
  by: z.int().min(2).max(NUMBER_LIMIT).optional(),
  say: template,
  exact: template.optional(),
});

/** A unit in the forms that its language's plural rules tell apart (CLDR's categories). */
const Unit = z.strictObject({
  one: template.optional(),
  two: template.optional(),
  few: template.optional(),
  many: template.optional(),
  other: template,
});

/**
 * In its three templates `{major}` and `{minor}` are numbers (`{major:set}`: by another set than `number`),
 * `{major-unit}` and `{minor-unit}` the units in the fitting form, also within a name (`{major-unit}-end`).
 */
const Amount = z.strictObject({
  major: Unit.optional(),
  minor: Unit.optional(),
  /** 12 dollars */
  whole: template,
  /** 12 dollars and 50 cents; for currencies with hundredths, as is `part`. */
  both: template.optional(),
  /** 50 cents */
  part: template.optional(),
});

const Shape = z.strictObject({
  /** `number`: 0 … 9,999,999. `keys`: "4 digits so far". `choice`: "for English, press 2". Others are for these three to use. */
  numbers: z.record(setName, z.array(Rule).min(1).max(100)),
  money: z.partialRecord(z.enum(CURRENCIES), Amount),
  /** The fragment of each sign that is spelled: digits, letters A–Z, and what else a language has a word for. */
  signs: z.record(z.string().min(1).max(2), z.string().regex(FRAGMENT)),
});

/** One word of a template, taken apart. */
export type Word =
  | { readonly is: 'part'; readonly part: Part; readonly set: string | undefined }
  /** A fragment's name, with at most one number or unit in it. */
  | { readonly is: 'fragment'; readonly before: string; readonly slot: Slot | undefined; readonly after: string };
type Part = 'count' | 'rest' | 'major' | 'minor';
type Slot = 'n' | 'whole' | 'major-unit' | 'minor-unit';

export interface NumberRule {
  readonly from: number;
  readonly by: number | undefined;
  readonly say: readonly Word[];
  readonly exact: readonly Word[];
}

export interface AmountRule {
  readonly major: Unit | undefined;
  readonly minor: Unit | undefined;
  readonly whole: readonly Word[];
  readonly both: readonly Word[];
  readonly part: readonly Word[];
}
type Unit = z.infer<typeof Unit>;

/** Rules that were found to be sound: whatever is asked within the limits above can be said with `fragments`. */
export interface SpeechRules {
  readonly numbers: ReadonlyMap<string, readonly NumberRule[]>;
  readonly money: ReadonlyMap<Currency, AmountRule>;
  readonly signs: ReadonlyMap<string, string>;
  readonly fragments: readonly string[];
}

/** The sound rules in a `prompts.json`, or everything that is wrong with them, in words and with its place. */
export function readRules(json: unknown): Result<SpeechRules, readonly string[]> {
  const shape = Shape.safeParse(json);
  if (!shape.success) return err([z.prettifyError(shape.error)]);
  const problems: string[] = [];
  const numbers = new Map(
    Object.entries(shape.data.numbers).map(([name, rules]) => [name, readSet(name, rules, problems)]),
  );
  const money = new Map<Currency, AmountRule>();
  for (const currency of CURRENCIES) {
    const amount = shape.data.money[currency];
    if (amount) money.set(currency, readAmount(currency, amount, problems));
    else problems.push(`money says nothing of ${currency}`);
  }
  const signs = new Map(Object.entries(shape.data.signs));
  for (const sign of '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ') {
    if (!signs.has(sign)) problems.push(`signs says nothing of ${sign}`);
  }
  if (problems.length > 0) return err(problems);
  const search = new Search(numbers);
  search.range('number', 0, NUMBER_LIMIT, 'number');
  search.range('keys', 1, KEYS_SAID, 'keys');
  search.range('choice', 1, CHOICES, 'choice');
  for (const [currency, rule] of money) search.amount(currency, rule);
  for (const fragment of signs.values()) search.fragments.add(fragment);
  if (search.fragments.size > LANGUAGE_FRAGMENTS) search.problems.add(`more than ${LANGUAGE_FRAGMENTS} fragments`);
  if (search.problems.size > 0) return err([...search.problems]);
  return ok({ numbers, money, signs, fragments: [...search.fragments] });
}

/** Which rule of a set says a number. */
export function ruleFor(rules: readonly NumberRule[], value: number): NumberRule | undefined {
  return rules.findLast(({ from }) => from <= value);
}

function readSet(name: string, rules: readonly z.infer<typeof Rule>[], problems: string[]): NumberRule[] {
  return rules.map(({ from, by, say, exact }, at) => {
    const place = `numbers.${name}, rule from ${from}`;
    const before = rules[at - 1];
    if (before && before.from >= from) problems.push(`${place}: comes after the rule from ${before.from}`);
    if (by !== undefined && from < by) problems.push(`${place}: starts below its "by", ${by}`);
    const parts: readonly (Part | Slot)[] = by === undefined ? ['n'] : ['count', 'whole', 'rest'];
    const said = words(say, parts, place, problems);
    const exactly = words(exact ?? say, parts, `${place}, exact`, problems);
    if (by !== undefined && !holds(said, 'rest')) problems.push(`${place}: loses the rest, "say" needs {rest}`);
    if (by !== undefined && (exact === undefined || holds(exactly, 'rest')))
      problems.push(`${place}: "exact" must say what is said without a rest`);
    return { from, by, say: said, exact: exactly };
  });
}

function readAmount(currency: Currency, amount: z.infer<typeof Amount>, problems: string[]): AmountRule {
  const read = (kind: 'whole' | 'both' | 'part', needs: readonly (Part | Slot)[]): Word[] => {
    const text = amount[kind];
    const place = `money.${currency}.${kind}`;
    if (text === undefined) {
      problems.push(`${place} is missing`);
      return [];
    }
    const units = ([amount.major && 'major-unit', amount.minor && 'minor-unit'] as const).filter((unit) => !!unit);
    const read = words(text, [...needs, ...units], place, problems);
    for (const part of needs) if (!holds(read, part)) problems.push(`${place} needs {${part}}`);
    return read;
  };
  const hundredths = MINOR_DIGITS[currency] > 0;
  return {
    major: amount.major,
    minor: amount.minor,
    whole: read('whole', ['major']),
    both: hundredths ? read('both', ['major', 'minor']) : [],
    part: hundredths ? read('part', ['minor']) : [],
  };
}

function holds(words: readonly Word[], part: Part | Slot): boolean {
  return words.some((word) => (word.is === 'part' ? word.part === part : word.slot === part));
}

function words(text: string, allowed: readonly string[], place: string, problems: string[]): Word[] {
  return text.split(' ').flatMap((word): Word[] => {
    const part = /^\{(count|rest|major|minor)(?::([a-z-]+))?\}$/.exec(word);
    if (part && allowed.includes(part[1] ?? '')) return [{ is: 'part', part: part[1] as Part, set: part[2] }];
    const name = /^([a-z0-9-]*)(?:\{(n|whole|major-unit|minor-unit)\}([a-z0-9-]*))?$/.exec(word);
    const slot = name?.[2] as Slot | undefined;
    if (name && word !== '' && (slot === undefined || allowed.includes(slot)))
      return [{ is: 'fragment', before: name[1] ?? '', slot, after: name[3] ?? '' }];
    problems.push(`${place}: "${word}" can't stand here`);
    return [];
  });
}

/** Finds every fragment that the rules can ask for, range by range instead of number by number. */
class Search {
  readonly fragments = new Set<string>();
  readonly problems = new Set<string>();
  readonly #numbers: ReadonlyMap<string, readonly NumberRule[]>;
  /** The ranges that were looked at, and how many fragments a number of each may have. */
  readonly #seen = new Map<string, number>();

  constructor(numbers: ReadonlyMap<string, readonly NumberRule[]>) {
    this.#numbers = numbers;
  }

  /** The numbers `low` … `high` are said by `set`; `place` is who asks. Returns the most fragments that one needs. */
  range(set: string, low: number, high: number, place: string): number {
    const key = `${set} ${low} ${high}`;
    const known = this.#seen.get(key);
    if (known !== undefined || this.problems.size > 20) return known ?? 0;
    // Rules only refer to smaller numbers, so a range is never met again before it is done with.
    const most = this.#range(set, low, high, place);
    if (most > NUMBER_FRAGMENTS)
      this.problems.add(`numbers.${set}: needs more than ${NUMBER_FRAGMENTS} fragments for one number`);
    this.#seen.set(key, Math.min(most, NUMBER_FRAGMENTS));
    if (this.#seen.size > RANGES) this.problems.add('the rules refer to one another in too many ways');
    return most;
  }

  #range(set: string, low: number, high: number, place: string): number {
    const rules = this.#numbers.get(set);
    if (!rules) {
      this.problems.add(`${place}: there is no set "${set}" in numbers`);
      return 0;
    }
    const first = rules[0]?.from ?? 0;
    if (low < first) this.problems.add(`numbers.${set} says nothing of ${low}, which ${place} needs`);
    let most = 0;
    for (const [at, rule] of rules.entries()) {
      const from = Math.max(low, rule.from);
      const to = Math.min(high, (rules[at + 1]?.from ?? Infinity) - 1);
      if (from <= to) most = Math.max(most, this.#rule(set, rule, from, to));
    }
    return most;
  }

  amount(currency: Currency, rule: AmountRule): void {
    const scale = 10 ** MINOR_DIGITS[currency];
    const place = `money.${currency}`;
    for (const word of [...rule.whole, ...rule.both, ...rule.part]) {
      if (word.is === 'part') {
        const high = word.part === 'major' ? Math.floor(AMOUNT_LIMIT_MINOR / scale) : scale - 1;
        this.range(word.set ?? 'number', 1, high, place);
      } else {
        const unit = word.slot === 'major-unit' ? rule.major : rule.minor;
        const forms = word.slot === undefined || !unit ? [''] : Object.values(unit);
        for (const form of forms) this.#add(`${word.before}${form}${word.after}`, place);
      }
    }
  }

  #rule(set: string, rule: NumberRule, from: number, to: number): number {
    const place = `numbers.${set}, rule from ${rule.from}`;
    const { by } = rule;
    if (by === undefined) return this.#words(rule.say, set, place, { n: [from, to, 1] }, {});
    const [least, most] = [Math.floor(from / by), Math.floor(to / by)];
    const whole = [least * by, most * by, by] as const;
    const restFrom = least === most ? from % by : 0;
    const restTo = least === most ? to % by : by - 1;
    let fragments = 0;
    if (restTo > 0) {
      const rest = [Math.max(1, restFrom), restTo] as const;
      fragments = this.#words(rule.say, set, place, { whole }, { count: [least, most], rest });
    }
    const exactFrom = Math.ceil(from / by);
    if (exactFrom * by > to) return fragments;
    const exact = { whole: [exactFrom * by, most * by, by] } as const;
    return Math.max(fragments, this.#words(rule.exact, set, place, exact, { count: [exactFrom, most] }));
  }

  #words(
    words: readonly Word[],
    set: string,
    place: string,
    slots: { readonly [slot in Slot]?: readonly [from: number, to: number, step: number] },
    parts: { readonly [part in Part]?: readonly [from: number, to: number] },
  ): number {
    const [of] = Object.values(slots);
    if (of && of[0] < of[1] && !holds(words, 'n') && !holds(words, 'whole') && !holds(words, 'count'))
      this.problems.add(`${place}: says the same of ${of[0]} and ${of[1]}`);
    let fragments = 0;
    for (const word of words) {
      if (word.is === 'part') {
        const range = parts[word.part];
        if (range) fragments += this.range(word.set ?? set, range[0], range[1], place);
        continue;
      }
      fragments++;
      const range = word.slot && slots[word.slot];
      if (!range) {
        this.#add(`${word.before}${word.after}`, place);
        continue;
      }
      const [from, to, step] = range;
      if ((to - from) / step >= RULE_FRAGMENTS) {
        this.problems.add(`${place}: needs more than ${RULE_FRAGMENTS} fragments (${from} … ${to})`);
        continue;
      }
      for (let value = from; value <= to; value += step) this.#add(`${word.before}${value}${word.after}`, place);
    }
    return fragments;
  }

  #add(name: string, place: string): void {
    if (FRAGMENT.test(name)) this.fragments.add(name);
    else this.problems.add(`${place}: "${name}" can't be a fragment's name`);
  }
}
