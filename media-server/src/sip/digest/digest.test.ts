import { DigestAuthentication, Grammar, type LoggerFactory } from 'sip.js/lib/core/index.js';
import { expect, test } from 'vitest';
import { Secret } from '../../shared/secret.ts';
import { Headers, type SipResponse } from '../messages/message.ts';
import { DigestClient } from './client.ts';
import { parseDigest } from './fields.ts';
import { digestResponse, ha1, sessionHa1 } from './hash.ts';
import { DigestServer, type DigestServerOptions, type StoredHa1 } from './server.ts';

const REALM = 'tonegate.local';
const KEY = Buffer.alloc(32, 7);
const NOW = 1_767_225_600_000;
const PASSWORD = 'Circle of Life';
const STORED: StoredHa1 = { md5: ha1('MD5', 'anna', REALM, PASSWORD), sha256: ha1('SHA-256', 'anna', REALM, PASSWORD) };

function server(options: Partial<DigestServerOptions> = {}): DigestServer {
  return new DigestServer({ realm: REALM, key: KEY, ...options });
}

function client(password = PASSWORD): DigestClient {
  return new DigestClient({ user: 'anna', password: new Secret(password) });
}

function challenge(status: 401 | 407, ...values: string[]): SipResponse {
  const name = status === 401 ? 'WWW-Authenticate' : 'Proxy-Authenticate';
  return {
    kind: 'response',
    status,
    reason: '',
    headers: new Headers(values.map((v) => [name, v])),
    body: Buffer.alloc(0),
  };
}

/** The headers of a request that answers; `undefined` if the client doesn't. */
function answered(from: DigestClient, method = 'REGISTER'): Headers {
  return new Headers(from.credentials(method, 'sip:tonegate.local'));
}

function verify(at: DigestServer, headers: Headers, now = NOW, stored: StoredHa1 | undefined = STORED): string {
  const credentials = at.credentials(headers, 'Authorization');
  return credentials.ok ? at.verify(credentials.value, 'REGISTER', stored, now) : 'none';
}

test('the example of RFC 2617 §3.5', () => {
  const input = {
    algorithm: 'MD5',
    ha1: ha1('MD5', 'Mufasa', 'testrealm@host.com', 'Circle Of Life'),
    method: 'GET',
    uri: '/dir/index.html',
    nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
    auth: { nc: '00000001', cnonce: '0a4f113b' },
  } as const;
  expect(input.ha1).toBe('939e7578ed9e3c518a452acee763bce9');
  expect(digestResponse(input)).toBe('6629fae49393a05397450978507c4ef1');
});

test.each([
  ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
  ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
] as const)('the %s example of RFC 7616 §3.9.1', (algorithm, response) => {
  const made = digestResponse({
    algorithm,
    ha1: ha1(algorithm, 'Mufasa', 'http-auth@example.org', 'Circle of Life'),
    method: 'GET',
    uri: '/dir/index.html',
    nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
    auth: { nc: '00000001', cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ' },
  });
  expect(made).toBe(response);
});

test('the client makes the answer of RFC 2617 §3.5 from its challenge', () => {
  const mufasa = new DigestClient({ user: 'Mufasa', password: new Secret('Circle Of Life') }, () => '0a4f113b');
  const value =
    'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"';
  expect(mufasa.take(challenge(401, value), new Headers()).ok).toBe(true);
  expect(mufasa.credentials('GET', '/dir/index.html')).toEqual([
    [
      'Authorization',
      'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", response="6629fae49393a05397450978507c4ef1", cnonce="0a4f113b", qop=auth, nc=00000001, opaque="5ccc069c403ebaf9f0171e9517f40e41"',
    ],
  ]);
});

test('the server challenges for MD5 first, then SHA-256, and our client takes the stronger', () => {
  const [at, anna] = [server(), client()];
  const challenges = at.challenges(NOW);
  expect(challenges.map((value) => /algorithm=([^,]+)/.exec(value)?.[1])).toEqual(['MD5', 'SHA-256']);
  expect(anna.take(challenge(401, ...challenges), new Headers()).ok).toBe(true);
  const headers = answered(anna);
  expect(headers.get('authorization')).toContain('algorithm=SHA-256');
  expect(verify(at, headers)).toBe('right');
});

test('sip.js answers our MD5 challenge rightly', () => {
  const at = server();
  const logger = { error() {}, warn() {}, log() {}, debug() {} };
  const factory = { getLogger: () => logger } as unknown as LoggerFactory;
  const auth = new DigestAuthentication(factory, undefined, 'anna', PASSWORD);
  const parsed = Grammar.parse(at.challenges(NOW)[0] ?? '', 'WWW_Authenticate');
  const request = { method: 'REGISTER', ruri: 'sip:tonegate.local' } as unknown as Parameters<
    typeof auth.authenticate
  >[0];
  expect(auth.authenticate(request, parsed)).toBe(true);
  expect(verify(at, new Headers([['Authorization', auth.toString()]]))).toBe('right');
});

test('a wrong password and an unknown user are both just wrong', () => {
  const at = server();
  const eve = client('other');
  eve.take(challenge(401, ...at.challenges(NOW)), new Headers());
  expect(verify(at, answered(eve))).toBe('wrong');
  const anna = client();
  anna.take(challenge(401, ...at.challenges(NOW)), new Headers());
  const credentials = at.credentials(answered(anna), 'Authorization');
  expect(credentials.ok && credentials.value.user).toBe('anna');
  expect(credentials.ok && at.verify(credentials.value, 'REGISTER', undefined, NOW)).toBe('wrong');
});

test('one nonce serves many requests while nc rises; a repeated or lower nc is stale', () => {
  const [at, anna] = [server(), client()];
  anna.take(challenge(401, ...at.challenges(NOW)), new Headers());
  const [first, second, third] = [answered(anna), answered(anna), answered(anna)];
  expect(verify(at, first)).toBe('right');
  expect(verify(at, first)).toBe('stale');
  expect(verify(at, third)).toBe('right');
  expect(verify(at, second)).toBe('stale');
});

test('a nonce that is too old, of the future or of another process is stale with the right password and wrong with a wrong one', () => {
  const at = server({ nonceMs: 1000 });
  const fresh = (from: DigestServer, madeAt: number, who = client()) => {
    who.take(challenge(401, ...from.challenges(madeAt)), new Headers());
    return answered(who);
  };
  expect(verify(at, fresh(at, NOW), NOW + 1000)).toBe('right');
  expect(verify(at, fresh(at, NOW), NOW + 1001)).toBe('stale');
  expect(verify(at, fresh(at, NOW + 1), NOW)).toBe('stale');
  expect(verify(at, fresh(server({ key: Buffer.alloc(32, 8) }), NOW))).toBe('stale');
  expect(verify(at, fresh(at, NOW, client('other')), NOW + 1001)).toBe('wrong');
  expect(at.challenges(NOW, true)[0]).toContain('stale=true');
});

test('the memory of used nonces is bounded, and what was forgotten cannot be replayed', () => {
  const at = server({ nonces: 3 });
  const requests = Array.from({ length: 5 }, (_, i) => {
    const anna = client();
    anna.take(challenge(401, ...at.challenges(NOW + i)), new Headers());
    return answered(anna);
  });
  expect(requests.map((headers) => verify(at, headers, NOW + 10))).toEqual(Array(5).fill('right'));
  expect(requests.map((headers) => verify(at, headers, NOW + 10))).toEqual(Array(5).fill('stale'));
});

test('credentials without qop, for another realm, scheme or algorithm are not taken', () => {
  const at = server();
  const [value = ''] = at.challenges(NOW);
  const withoutQop = client();
  withoutQop.take(challenge(401, value.replace(', qop="auth"', '')), new Headers());
  expect(verify(at, answered(withoutQop))).toBe('wrong');
  const elsewhere = client();
  elsewhere.take(challenge(401, value.replace(REALM, 'elsewhere')), new Headers());
  expect(verify(at, answered(elsewhere))).toBe('none');
  for (const other of ['NoOneKnowsThisScheme opaque-data=here', 'Digest', 'Digest username="anna', '']) {
    expect(verify(at, new Headers([['Authorization', other]])), other).toBe('none');
  }
});

test('the client answers without qop (RFC 2069) and MD5-sess', () => {
  const plain = new DigestClient({ user: 'anna', password: new Secret(PASSWORD) }, () => 'cn');
  plain.take(challenge(401, `Digest realm="${REALM}", nonce="n"`), new Headers());
  const expected = digestResponse({
    algorithm: 'MD5',
    ha1: STORED.md5,
    method: 'REGISTER',
    uri: 'sip:tonegate.local',
    nonce: 'n',
  });
  expect(answered(plain).get('authorization')).toBe(
    `Digest username="anna", realm="${REALM}", nonce="n", uri="sip:tonegate.local", response="${expected}"`,
  );
  const session = new DigestClient({ user: 'anna', password: new Secret(PASSWORD) }, () => 'cn');
  session.take(challenge(401, `Digest realm="${REALM}", nonce="n", algorithm=MD5-sess, qop="auth"`), new Headers());
  const withSession = digestResponse({
    algorithm: 'MD5',
    ha1: sessionHa1('MD5', STORED.md5, 'n', 'cn'),
    method: 'REGISTER',
    uri: 'sip:tonegate.local',
    nonce: 'n',
    auth: { nc: '00000001', cnonce: 'cn' },
  });
  expect(answered(session).get('authorization')).toContain(
    `response="${withSession}", algorithm=MD5-sess, cnonce="cn"`,
  );
});

test('each realm is answered, in the header that its challenge asks for', () => {
  const anna = client();
  const one = challenge(
    407,
    'Digest realm="p1", nonce="a"',
    'Basic realm="x"',
    'Digest realm="p2", nonce="b", algorithm=SHA-256',
  );
  expect(anna.take(one, new Headers()).ok).toBe(true);
  expect(anna.take(challenge(401, 'Digest realm="p1", nonce="c"'), answered(anna)).ok).toBe(true);
  expect(anna.credentials('INVITE', 'sip:x').map(([name, value]) => [name, /nonce="(.)"/.exec(value)?.[1]])).toEqual([
    ['Proxy-Authorization', 'a'],
    ['Proxy-Authorization', 'b'],
    ['Authorization', 'c'],
  ]);
});

test('a challenge that comes again after its first answer is a refusal; stale, or an old nonce run out, is not', () => {
  const anna = client();
  const again = (nonce: string, stale = '') => challenge(401, `Digest realm="r", qop="auth", nonce="${nonce}"${stale}`);
  expect(anna.take(again('1'), new Headers()).ok).toBe(true);
  const sent = answered(anna);
  expect(anna.take(again('2', ', stale=TRUE'), sent).ok).toBe(true);
  answered(anna);
  const later = answered(anna);
  expect(anna.take(again('3'), later).ok).toBe(true);
  expect(anna.take(again('4'), answered(anna))).toEqual({ ok: false, error: 'refused' });
});

test('challenges that nobody here can answer are told', () => {
  for (const value of [
    'Basic realm="x"',
    'Digest realm="x", nonce="n", algorithm=SHA-512',
    'Digest realm="x", nonce="n", qop="auth-int"',
    'Digest nonce="n"',
  ]) {
    expect(client().take(challenge(401, value), new Headers()), value).toEqual({
      ok: false,
      error: 'no-usable-challenge',
    });
  }
});

test('users with quotes and beyond ASCII come back as they were', () => {
  const at = server();
  const name = 'a"b\\山';
  const stored = { md5: ha1('MD5', name, REALM, 'ü'), sha256: ha1('SHA-256', name, REALM, 'ü') };
  const who = new DigestClient({ user: name, password: new Secret('ü') });
  who.take(challenge(401, ...at.challenges(NOW)), new Headers());
  const credentials = at.credentials(answered(who), 'Authorization');
  expect(credentials.ok && credentials.value.user).toBe(name);
  expect(credentials.ok && at.verify(credentials.value, 'REGISTER', stored, NOW)).toBe('right');
});

test('digest fields are read once each, and not without end', () => {
  expect(parseDigest('digest a=1 , b = "x, \\"y\\"" ')).toEqual({
    ok: true,
    value: new Map([
      ['a', '1'],
      ['b', 'x, \\"y\\"'],
    ]),
  });
  for (const text of [
    'Digest a=1, a=2',
    'Digest a',
    'Digest a="',
    'Digest =1',
    'Digest a=1 b=2',
    `Digest ${Array.from({ length: 40 }, (_, i) => `a${i}=1`).join(',')}`,
  ]) {
    expect(parseDigest(text).ok, text).toBe(false);
  }
});
