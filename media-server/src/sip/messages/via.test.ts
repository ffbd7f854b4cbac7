import { expect, test } from 'vitest';
import { Headers } from './message.ts';
import { formatVia, markReceived, parseVia, topVia } from './via.ts';

test('a Via is read with spaces wherever they are legal', () => {
  expect(parseVia('SIP  / 2.0  / tcp     Spindle.example.com : 5070  ;  branch  =   z9hG4bK9ikj8')).toEqual({
    ok: true,
    value: { transport: 'TCP', host: 'spindle.example.com', port: 5070, params: new Map([['branch', 'z9hG4bK9ikj8']]) },
  });
});

test('a Via is written as it was read', () => {
  for (const text of [
    'SIP/2.0/UDP 192.0.2.1;rport;branch=z9hG4bKa',
    'SIP/2.0/WSS x1.invalid;branch=z9hG4bKb',
    'SIP/2.0/UDP [2001:db8::1]:5060;received=2001:db8::9',
  ]) {
    const via = parseVia(text);
    expect(via.ok && formatVia(via.value)).toBe(text);
  }
});

test.each([
  '',
  'SIP/2.0/UDP',
  'SIP/2.0 a',
  'HTTP/1.1/TCP a',
  'SIP/2.0/UDPa',
  'SIP/2.0/UDP a:0',
  'SIP/2.0/UDP a:x',
  'SIP/2.0/UDP a;;',
  'SIP/2.0/UDP a b',
])('%j is malformed', (text) => {
  expect(parseVia(text).ok).toBe(false);
});

test('where a request came from is written into the topmost hop only, all else stays', () => {
  const headers = new Headers([
    ['Via', 'SIP/2.0/UDP 10.0.0.1 ; RPORT ;branch=z9hG4bKa;received=6.6.6.6, SIP/2.0/UDP b;rport'],
    ['Via', 'SIP/2.0/UDP c'],
    ['To', 'x'],
  ]);
  markReceived(headers, { ip: '192.0.2.7', port: 1024 });
  expect(headers.all('via')).toEqual([
    'SIP/2.0/UDP 10.0.0.1 ;rport=1024;branch=z9hG4bKa;received=192.0.2.7, SIP/2.0/UDP b;rport',
    'SIP/2.0/UDP c',
  ]);
  const top = topVia(headers);
  expect(top.ok && top.value.params.get('rport')).toBe('1024');
});

test('without rport only received is written', () => {
  const headers = new Headers([['Via', 'SIP/2.0/UDP a;branch=z9hG4bKa']]);
  markReceived(headers, { ip: '192.0.2.7', port: 1024 });
  expect(headers.get('via')).toBe('SIP/2.0/UDP a;branch=z9hG4bKa;received=192.0.2.7');
});
