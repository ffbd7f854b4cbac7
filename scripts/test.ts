// `npm test`: the lint step, then every test, and one last line `N passed, N failed, N skipped`.
// Unit tests run side by side; tests that measure sound or start whole servers run one file after the other, so that they
// don't disturb each other on a small machine.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const reports = path.join(root, 'build/reports');
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: {
    name: string;
    status: string;
    message?: string;
    assertionResults: { status: string; fullName: string; meta?: { note?: string } }[];
  }[];
}

const totals = { passed: 0, failed: 0, skipped: 0 };

function count(passed: boolean): void {
  if (passed) totals.passed++;
  else totals.failed++;
}

function node(args: string[]): number {
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
}

function vitest(name: string, args: string[]): void {
  const report = path.join(reports, `${name}.json`);
  const started = Date.now();
  const status = node([
    'node_modules/vitest/vitest.mjs',
    'run',
    ...args,
    '--reporter=dot',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]);
  let result: Report;
  try {
    result = JSON.parse(readFileSync(report, 'utf8')) as Report;
  } catch {
    console.log(`FAIL ${name}: no report was written`);
    totals.failed++;
    return;
  }
  totals.passed += result.numPassedTests;
  totals.failed += result.numFailedTests;
  totals.skipped += result.numPendingTests;
  // A file that fails to load has no failed tests of its own.
  const broken = result.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  totals.failed += broken.length;
  if (status !== 0 && result.numFailedTests === 0 && broken.length === 0) totals.failed++;
  for (const file of result.testResults) {
    for (const test of file.assertionResults)
      if (test.status === 'pending' || test.status === 'skipped') console.log(`skipped: ${test.fullName}`);
  }
  console.log(`${name}: ${Math.round((Date.now() - started) / 1000)} s`);
}

count(node(['scripts/lint.ts']) === 0);
vitest('unit', ['--exclude', 'tests/**']);
vitest('across', ['tests/', '--no-file-parallelism', '--pool=forks']);
count(node(['scripts/start.ts', '--check']) === 0);
// What docs/pci.md promises has to have run just now.
count(node(['scripts/pci.ts', '--ran']) === 0);

console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed === 0 ? 0 : 1);
