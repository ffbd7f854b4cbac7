// What PCI DSS wants of a project's files: third-party software that is listed and fixed (6.3.2), and no live card numbers
// (6.5.5).
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
  packages: Readonly<Record<string, Locked>>;
};
const workspaces = Object.keys(lock.packages).filter((name) => !name.includes('node_modules'));

function wanted(of: Locked): [string, string][] {
  return [of.dependencies, of.devDependencies, of.optionalDependencies].flatMap((each) => Object.entries(each ?? {}));
}

test('every package that is used is named with one version, which is the locked one, with its digest', () => {
  const ours = new Set(workspaces.map((name) => (lock.packages[name] as { name?: string }).name));
  let seen = 0;
  for (const workspace of workspaces) {
    const file = JSON.parse(readFileSync(path.join(root, workspace, 'package.json'), 'utf8')) as Locked;
    for (const [name, version] of wanted(file)) {
      if (ours.has(name)) continue;
      seen++;
      expect(version, `${name} in ${workspace}/package.json`).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
      const at = [`${workspace}/node_modules/${name}`, `node_modules/${name}`].find((place) => lock.packages[place]);
      expect(lock.packages[at ?? '']?.version, name).toBe(version);
    }
  }
  expect(seen).toBeGreaterThan(30);
  const foreign = Object.entries(lock.packages).filter(([name, { link }]) => name.includes('node_modules/') && !link);
  expect(foreign.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([name]) => name)).toEqual([]);
});

/** Test numbers that card companies and payment services publish. */
const PUBLISHED = new Set([
  ...['4242424242424242', '4111111111111111', '4012888888881881', '4000000000000002', '4000000000000341'],
  ...['4999000000000005', '5555555555554444', '5105105105105100', '2223003122003222', '378282246310005'],
  ...['371449635398431', '3530111333300000', '3566002020360505', '36006666333344', '30569309025904'],
  ...['38520000023237', '6011111111111117', '6011000990139424', '6200000000000005'],
  ...['378734493671000', '5425233430109903'],
  // A published one without its last digit, and the end of a range with zeros in it.
  ...['424242424242424', '2720990000000007'],
]);
/** The range that a payment service publishes its special cases in. */
const PUBLISHED_RANGE = /^4000000000\d{6}$/;
const LEFT_OUT = new Set(['node_modules', 'build', 'dist', '.git', 'data', 'coverage', 'package-lock.json']);
const TEXT = /\.(ts|tsx|mjs|cjs|js|json|md|yaml|yml|c|h|pl|sh|sql|xml|html|css|txt)$/;
/** Brands' first digits: 2 (Mastercard), 3, 4, 5, 6. */
const NUMBERS = /(?<![\d.a-fA-F])[2-6]\d(?:[ -]?\d){11,17}(?![\da-fA-F])/g;

function* textFiles(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    if (LEFT_OUT.has(name)) continue;
    const file = path.join(folder, name);
    if (statSync(file).isDirectory()) yield* textFiles(file);
    else if (TEXT.test(name)) yield file;
  }
}

/** ISO/IEC 7812-1, annex B. */
function passesLuhn(digits: string): boolean {
  const sum = [...digits]
    .reverse()
    .map((digit, at) => (at % 2 === 0 ? Number(digit) : Number(digit) * 2))
    .reduce((total, value) => total + (value > 9 ? value - 9 : value), 0);
  return sum % 10 === 0;
}

function unpublished(text: string): string[] {
  return [...text.matchAll(NUMBERS)]
    .map(([run]) => run.replaceAll(/\D/g, ''))
    .filter(
      (digits) => digits.length <= 19 && passesLuhn(digits) && !PUBLISHED.has(digits) && !PUBLISHED_RANGE.test(digits),
    );
}

test('no file holds a card number that isn’t a published test number', () => {
  // One that nobody has published, made here so that this file doesn't hold it.
  const body = '492912345678901';
  const check = [...'0123456789'].find((digit) => passesLuhn(body + digit));
  const planted = `${body}${check}`.match(/\d{4}/g) ?? [];
  for (const between of ['', ' ', '-']) expect(unpublished(`card: ${planted.join(between)}.`)).toHaveLength(1);
  let files = 0;
  for (const file of textFiles(root)) {
    files++;
    expect(unpublished(readFileSync(file, 'utf8')), path.relative(root, file)).toEqual([]);
  }
  expect(files).toBeGreaterThan(400);
});
