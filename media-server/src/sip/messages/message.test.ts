import { expect, test } from 'vitest';
import { Headers } from './message.ts';

test('names are found without case and by their compact form', () => {
  const headers = new Headers([
    ['v', 'SIP/2.0/UDP a'],
    ['VIA', 'SIP/2.0/UDP b'],
    ['k', 'timer'],
  ]);
  expect(headers.all('Via')).toEqual(['SIP/2.0/UDP a', 'SIP/2.0/UDP b']);
  expect(headers.get('supported')).toBe('timer');
  expect([...headers].map(([name]) => name)).toEqual(['Via', 'VIA', 'Supported']);
});

test('set keeps the place of the first line and drops the others', () => {
  const headers = new Headers([
    ['Route', '1'],
    ['To', 'x'],
    ['Route', '2'],
  ]);
  headers.set('route', '3');
  headers.set('Max-Forwards', '69');
  expect([...headers]).toEqual([
    ['route', '3'],
    ['To', 'x'],
    ['Max-Forwards', '69'],
  ]);
});

test('lines are put before all others, taken away one by one or all', () => {
  const headers = new Headers([['Via', 'b']]);
  headers.prepend('Via', 'a');
  const copy = headers.clone();
  expect(headers.removeFirst('v')).toBe('a');
  expect(headers.all('via')).toEqual(['b']);
  headers.remove('via');
  expect(headers.has('via')).toBe(false);
  expect(headers.removeFirst('via')).toBeUndefined();
  expect(copy.all('via')).toEqual(['a', 'b']);
});

test('a value never makes a header of its own, not even by characters whose low byte is a line break', () => {
  const headers = new Headers([['Subject', 'a\r\nX-Evil: 1']]);
  headers.set('X-Name', '\u010d\u010aX');
  expect(headers.get('subject')).toBe('a  X-Evil: 1');
  expect(headers.get('x-name')).toBe(Buffer.from('\u010d\u010aX', 'utf8').toString('latin1'));
});
