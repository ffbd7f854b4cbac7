// `npm run pci`: every line of docs/pci.md that Tonegate answers for names tests that are there, and that ran and passed
// where a run has left its reports.
//   --ran   reports have to be there: so at the end of `npm test`
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
/** Headings of the column that says who meets a line. */
const WHO = ['who', '担い手'];
const OURS = 'Tonegate';
/** Letters that a pattern has to share with a name. */
const SAID_LEAST = 12;

export interface Named {
  readonly line: number;
  readonly file: string;
  readonly test: string;
}

/** The tests that a page names: `` `file` › name``, up to the next `;`, `|` or the end. */
export function namedTests(page: string): Named[] {
  return page.split('\n').flatMap((text, index) =>
    [...text.matchAll(/`([\w./-]+\.test\.ts)` › ((?:(?!; `| \|).)+)/g)].map((match) => ({
      line: index + 1,
      file: match[1] ?? '',
      test: (match[2] ?? '').trim(),
    })),
  );
}

/** Lines of tables with a column of who meets them, in which that is Tonegate: their numbers, from 1. */
export function linesOfOurs(page: string): number[] {
  const ours: number[] = [];
  let who = -1;
  for (const [index, text] of page.split('\n').entries()) {
    const cells = text.startsWith('|') ? text.split('|').map((cell) => cell.trim()) : [];
    if (cells.length === 0) who = -1;
    else if (who < 0) who = cells.findIndex((cell) => WHO.includes(cell));
    else if (cells[who]?.includes(OURS)) ours.push(index + 1);
  }
  return ours;
}

/** How the tests of a run ended, by `file name`; of several runs the worst counts. Empty: there was none. */
export type Ended = ReadonlyMap<string, string>;

/** What is wrong with the page: lines without a test, tests that aren't in their files, that didn't run, or didn't pass. */
export function pciFindings(page: string, sourceOf: (file: string) => string | undefined, ended: Ended): string[] {
  const named = namedTests(page);
  const findings = linesOfOurs(page)
    .filter((line) => !named.some((each) => each.line === line))
    .map((line) => `line ${line}: ${OURS} answers for it, and it names no test`);
  for (const { line, file, test } of named) {
    const source = sourceOf(file);
    const how = ended.get(`${file} ${test}`);
    if (source === undefined) findings.push(`line ${line}: there is no ${file}`);
    else if (how === undefined && !isThere(source, test)) findings.push(`line ${line}: ${file} has no test "${test}"`);
    else if (ended.size > 0 && how !== 'passed') {
      findings.push(`line ${line}: "${test}" of ${file} ${how === undefined ? "didn't run" : `ended as ${how}`}`);
    }
  }
  return findings;
}

/** Whether a source names a test so, as such or by a pattern (`…: %s`) that the name is one of. */
function isThere(source: string, test: string): boolean {
  if ([`'${test}'`, `"${test}"`, `\`${test}\``].some((quoted) => source.includes(quoted))) return true;
  return [...source.matchAll(/(['"`])((?:(?!\1).)*%[sdjo](?:(?!\1).)*)\1/g)].some(([, , pattern = '']) => {
    const [head = '', ...rest] = pattern.split(/%[sdjo]/);
    return test.startsWith(head) && test.endsWith(rest.at(-1) ?? '') && (head + rest.join('')).length > SAID_LEAST;
  });
}

export interface Report {
  readonly testResults: readonly {
    /** Its path. */
    readonly name: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly title: string;
      readonly fullName: string;
    }[];
  }[];
}

/** How each test of the reports ended. */
export function endedTests(reports: readonly Report[], folder: string): Ended {
  const ended = new Map<string, string>();
  for (const file of reports.flatMap(({ testResults }) => testResults)) {
    for (const { status, title, fullName } of file.assertionResults) {
      for (const words of new Set([title, fullName])) {
        const name = `${path.relative(folder, file.name)} ${words}`;
        if ((ended.get(name) ?? 'passed') === 'passed') ended.set(name, status);
      }
    }
  }
  return ended;
}

function main(): void {
  const page = readFileSync(path.join(root, 'docs/pci.md'), 'utf8');
  const sourceOf = (file: string) => {
    const whole = path.join(root, file);
    return existsSync(whole) ? readFileSync(whole, 'utf8') : undefined;
  };
  const folder = path.join(root, 'build/reports');
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  const ended = endedTests(
    files.map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as Report),
    root,
  );
  const findings = pciFindings(page, sourceOf, ended);
  if (process.argv.includes('--ran') && ended.size === 0) findings.push('no run has left its reports');
  for (const finding of findings) console.log(`docs/pci.md, ${finding}`);
  const ran = ended.size > 0 ? ', and passed in the last run' : '; no run left its reports';
  console.log(
    findings.length === 0
      ? `ok   ${namedTests(page).length} tests named by ${linesOfOurs(page).length} lines of docs/pci.md are there${ran}`
      : 'FAIL docs/pci.md',
  );
  process.exit(findings.length === 0 ? 0 : 1);
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) main();
