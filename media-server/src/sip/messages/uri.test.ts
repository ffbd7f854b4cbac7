import { expect, test } from 'vitest';
import { formatUri, parseUri, type SipUri, sameUri } from './uri.ts';

function read(text: string): SipUri {
  const uri = parseUri(text);
  if (!uri.ok) throw new Error(`${text}: ${uri.error}`);
  return uri.value;
}

test('a URI with every part is read and written the same', () => {
  const text = 'sips:anna:pw@example.com:5061;transport=tcp;lr?Subject=hi&Priority=urgent';
  expect(read(text)).toEqual({
    scheme: 'sips',
    user: 'anna',
    password: 'pw',
    host: 'example.com',
    port: 5061,
    params: new Map([
      ['transport', 'tcp'],
      ['lr', undefined],
    ]),
    headers: [
      ['Subject', 'hi'],
      ['Priority', 'urgent'],
    ],
  });
  expect(formatUri(read(text))).toBe(text);
});

test('escapes are resolved, as UTF-8 where they are, and written again where needed', () => {
  expect(read('sip:%75se%72@h').user).toBe('user');
  expect(read('sip:%E5%B1%B1@h').user).toBe('山');
  expect(read('sip:null-%00-null@h').user).toBe('null-\0-null');
  expect(formatUri({ ...read('sip:h'), user: '#21*a b' })).toBe('sip:%2321*a%20b@h');
});

test('a user part may hold ; and ? and /', () => {
  expect(read('sip:user;par=u%40example.net@example.com')).toMatchObject({
    user: 'user;par=u@example.net',
    host: 'example.com',
  });
  expect(read('sip:a?b/c@h').user).toBe('a?b/c');
});

test('hosts are names, IPv4 or IPv6 in brackets, in lower case', () => {
  expect(read('sip:EXAMPLE.com').host).toBe('example.com');
  expect(read('sip:a@[2001:DB8::1]:5070')).toMatchObject({ host: '[2001:db8::1]', port: 5070 });
});

test('tel numbers lose their visual separators', () => {
  expect(read('tel:+81-3-1234.5678;phone-context=x')).toMatchObject({ scheme: 'tel', user: '+81312345678', host: '' });
  expect(formatUri(read('tel:*21#'))).toBe('tel:*21#');
});

test.each([
  '',
  'sip:',
  ':a@b',
  'sip',
  'sip:a@',
  'sip:a b@c',
  'sip:a@b@c',
  'sip:%4@b',
  'sip:%zz@b',
  'sip:a@b:0',
  'sip:a@b:65536',
  'sip:a@b:',
  'sip:a@[::1',
  'sip:a@[]',
  'sip:a@b;',
  'sip:a@b;x;x=1',
  'sip:a@b?x',
  'sip:a@b?=x',
  'sip:a@b c',
  '<sip:a@b>',
  'tel:',
  'tel:+',
  'tel:1+2',
  'tel:12x',
])('%j is malformed', (text) => {
  expect(parseUri(text)).toEqual({ ok: false, error: 'malformed' });
});

test('another scheme is told apart from a malformed URI', () => {
  expect(parseUri('soap.beep://192.0.2.103:3002')).toEqual({ ok: false, error: 'unknown-scheme' });
});

test.each([
  ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp', true],
  ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5', true],
  ['sip:biloxi.com;transport=tcp;method=REGISTER?to=a', 'sip:biloxi.com;method=REGISTER;transport=tcp?to=a', true],
  ['SIP:ALICE@AtLanTa.CoM', 'sip:alice@atlanta.com', false],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060', false],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp', false],
  ['sip:carol@chicago.com;x=1', 'sip:carol@chicago.com;x=2', false],
  ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next', false],
])('%s and %s: same is %s (RFC 3261 §19.1.4)', (a, b, same) => {
  expect(sameUri(read(a), read(b))).toBe(same);
});
