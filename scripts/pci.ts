// `npm run pci`: every line of docs/pci.md that Tonegate answers for names tests that are there; and, where `npm test` has
// left its reports, that ran and passed.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

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

/** What is wrong with the page: tests that aren't in their files, and that didn't pass in the reports, if there are any. */
export function pciFindings(
  page: string,
  sourceOf: (file: string) => string | undefined,
  passed: ReadonlySet<string>,
): string[] {
  const findings: string[] = [];
  for (const { line, file, test } of namedTests(page)) {
    const source = sourceOf(file);
    if (source === undefined) findings.push(`line ${line}: there is no ${file}`);
    else if (!source.includes(test)) findings.push(`line ${line}: ${file} has no test "${test}"`);
    else if (passed.size > 0 && !passed.has(`${file} ${test}`)) {
      findings.push(`line ${line}: "${test}" of ${file} didn't pass in the last run`);
    }
  }
  return findings;
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly title: string;
      readonly fullName: string;
    }[];
  }[];
}

/** `file name` of each test that passed in the reports of the last `npm test`. */
function passedTests(): Set<string> {
  const folder = path.join(root, 'build/reports');
  const passed = new Set<string>();
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const report = JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as Report;
    for (const file of report.testResults) {
      for (const { status, title, fullName } of file.assertionResults) {
        if (status !== 'passed') continue;
        for (const words of [title, fullName]) passed.add(`${path.relative(root, file.name)} ${words}`);
      }
    }
  }
  return passed;
}

function main(): void {
  const page = readFileSync(path.join(root, 'docs/pci.md'), 'utf8');
  const sourceOf = (file: string) => {
    const whole = path.join(root, file);
    return existsSync(whole) ? readFileSync(whole, 'utf8') : undefined;
  };
  const passed = passedTests();
  const findings = pciFindings(page, sourceOf, passed);
  for (const finding of findings) console.log(`docs/pci.md, ${finding}`);
  const ran = passed.size > 0 ? ', and passed in the last run' : '; no run left its reports';
  console.log(
    findings.length === 0
      ? `ok   ${namedTests(page).length} tests named by docs/pci.md are there${ran}`
      : 'FAIL docs/pci.md',
  );
  process.exit(findings.length === 0 ? 0 : 1);
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) main();
