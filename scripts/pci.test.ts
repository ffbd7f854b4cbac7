import { expect, test } from 'vitest';
import { endedTests, linesOfOurs, namedTests, pciFindings, type Report } from './pci.ts';

const PAGE = `# PCI
| requirement | what it asks | who | how |
| --- | --- | --- | --- |
| 3.3.1 | no code | Tonegate | words: \`a/b.test.ts\` › it holds, always; \`c.test.ts\` › another is found: one |
| 4.2.1 | tls | operator | |

| name | who brings it |
| --- | --- |
| x | Tonegate |
`;
const sources: Record<string, string> = {
  'a/b.test.ts': "test('it holds, always', …)",
  'c.test.ts': "test.each(['one'])('another is found: %s', …)",
};
const find = (of: Record<string, string>, ended: Record<string, string> = {}, page = PAGE) =>
  pciFindings(page, (file) => of[file], new Map(Object.entries(ended)));

test('tests are read off the page with their lines', () => {
  expect(namedTests(PAGE)).toEqual([
    { line: 4, file: 'a/b.test.ts', test: 'it holds, always' },
    { line: 4, file: 'c.test.ts', test: 'another is found: one' },
  ]);
});

test('a named test that is gone or was renamed is found', () => {
  expect(find(sources)).toEqual([]);
  expect(find({ 'c.test.ts': "// test('another is found') was here" })).toEqual([
    'line 4: there is no a/b.test.ts',
    'line 4: c.test.ts has no test "another is found: one"',
  ]);
});

test('a named test that was skipped, failed, or never ran is found', () => {
  const passed = { 'a/b.test.ts it holds, always': 'passed', 'c.test.ts another is found: one': 'passed' };
  expect(find(sources, passed)).toEqual([]);
  for (const status of ['skipped', 'pending', 'todo', 'failed']) {
    expect(find(sources, { ...passed, 'c.test.ts another is found: one': status })).toEqual([
      `line 4: "another is found: one" of c.test.ts ended as ${status}`,
    ]);
  }
  expect(find(sources, { 'a/b.test.ts it holds, always': 'passed' })).toEqual([
    'line 4: "another is found: one" of c.test.ts didn\'t run',
  ]);
});

test('a line that Tonegate answers for without a test is found, in whatever language', () => {
  expect(linesOfOurs(PAGE)).toEqual([4]);
  expect(
    find(sources, {}, `${PAGE}\n| 項目 | 担い手 | 証拠 |\n| --- | --- | --- |\n| x | Tonegate | 約束だけ |\n`),
  ).toEqual(['line 13: Tonegate answers for it, and it names no test']);
});

test('a test that ran twice counts as it ended worse', () => {
  const report = (status: string): Report => ({
    testResults: [
      { name: '/p/a.test.ts', assertionResults: [{ status, title: 'it holds', fullName: 'group it holds' }] },
    ],
  });
  const names = ['a.test.ts it holds', 'a.test.ts group it holds'];
  for (const order of [
    ['passed', 'failed'],
    ['failed', 'passed'],
  ]) {
    const ended = endedTests(order.map(report), '/p');
    expect(names.map((name) => ended.get(name))).toEqual(['failed', 'failed']);
  }
});
