import { expect, test } from 'vitest';
import { formatNameAddr, parseNameAddr } from './name-addr.ts';
import { splitList } from './scan.ts';

const params = (...entries: [string, string | undefined][]) => new Map(entries);

test.each([
  ['<sip:a@b>', { uri: 'sip:a@b', params: params() }],
  ['sip:a@b;tag=1', { uri: 'sip:a@b', params: params(['tag', '1']) }],
  ['sip:a@b ; tag = 1 ;x', { uri: 'sip:a@b', params: params(['tag', '1'], ['x', undefined]) }],
  ['Anna Müller <sip:a@b;lr>', { displayName: 'Anna Müller', uri: 'sip:a@b;lr', params: params() }],
  ['caller<sip:a@b>', { displayName: 'caller', uri: 'sip:a@b', params: params() }],
  ['"" <tel:+811>', { uri: 'tel:+811', params: params() }],
  ['"A \\"B\\", <C>" <sip:a@b>;q=0.5', { displayName: 'A "B", <C>', uri: 'sip:a@b', params: params(['q', '0.5']) }],
  [
    '<sip:a@b>;+sip.instance="<urn:uuid:x>";reg-id=1',
    { uri: 'sip:a@b', params: params(['+sip.instance', '<urn:uuid:x>'], ['reg-id', '1']) },
  ],
  ['sip:a@b;x="<y>"', { uri: 'sip:a@b', params: params(['x', '<y>']) }],
  ['isbn:2983792873', { uri: 'isbn:2983792873', params: params() }],
])('%s is read', (text, expected) => {
  expect(parseNameAddr(Buffer.from(text, 'utf8').toString('latin1'))).toEqual({ ok: true, value: expected });
});

test.each([
  '',
  '*',
  'Anna',
  '<>',
  '<sip:a@b',
  '< sip:a@b>',
  '<sip:a@b >',
  '"Anna <sip:a@b>',
  '"Anna" sip:a@b',
  'Bell, Alexander <sip:a@b>',
  'sip:a@b?x=y',
  'sip:a@b,sip:c@d',
  '<sip:a@b>;',
  '<sip:a@b>;;x',
  '<sip:a@b>;tag=',
  '<sip:a@b>;tag=1;tag=2',
  '<sip:a@b>;tag="1',
  '<sip:a@b> x',
])('%j is malformed', (text) => {
  expect(parseNameAddr(text)).toEqual({ ok: false, error: 'malformed' });
});

test('written names are quoted where they must be', () => {
  expect(formatNameAddr({ uri: 'sip:a@b' })).toBe('<sip:a@b>');
  expect(formatNameAddr({ displayName: 'Anna', uri: 'sip:a@b', params: params(['tag', 'x']) })).toBe(
    'Anna <sip:a@b>;tag=x',
  );
  expect(formatNameAddr({ displayName: 'A "B"\\', uri: 'sip:a@b' })).toBe('"A \\"B\\"\\\\" <sip:a@b>');
  expect(formatNameAddr({ uri: 'sip:a@b', params: params(['x', '<y>']) })).toBe('<sip:a@b>;x="<y>"');
});

test('lists are split outside quotes and <>', () => {
  expect(splitList(' "a, \\", b" <sip:a,b@c> , <sip:d@e>;x="1,2",sip:f@g')).toEqual([
    '"a, \\", b" <sip:a,b@c>',
    '<sip:d@e>;x="1,2"',
    'sip:f@g',
  ]);
  expect(splitList('  ')).toEqual([]);
  expect(splitList('a,,b')).toEqual(['a', '', 'b']);
  expect(splitList('"open, a')).toEqual(['"open, a']);
});
