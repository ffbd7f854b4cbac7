import { expect, test } from 'vitest';
import { namedTests, pciFindings } from './pci.ts';

const PAGE = `# PCI
| 3.3.1 | no code | Tonegate | words: \`a/b.test.ts\` › it holds, always; \`c.test.ts\` › another |
| 4.2.1 | tls | operator | |
`;
const sources: Record<string, string> = {
  'a/b.test.ts': "test('it holds, always', …)",
  'c.test.ts': "test('another', …)",
};

test('tests are read off the page with their lines', () => {
  expect(namedTests(PAGE)).toEqual([
    { line: 2, file: 'a/b.test.ts', test: 'it holds, always' },
    { line: 2, file: 'c.test.ts', test: 'another' },
  ]);
});

test('a named test that is gone, was renamed, or did not pass is found', () => {
  const find = (of: Record<string, string>, passed: string[] = []) =>
    pciFindings(PAGE, (file) => of[file], new Set(passed));
  expect(find(sources)).toEqual([]);
  expect(find({ 'c.test.ts': "test('an other')" })).toEqual([
    'line 2: there is no a/b.test.ts',
    'line 2: c.test.ts has no test "another"',
  ]);
  expect(find(sources, ['c.test.ts another'])).toEqual([
    'line 2: "it holds, always" of a/b.test.ts didn\'t pass in the last run',
  ]);
});
