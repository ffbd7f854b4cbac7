import { expect, test } from 'vitest';
import { parseMessage } from './parse.ts';
import { responseTo } from './response.ts';
import { serialize } from './serialize.ts';
import { LIMITS, tortureMessages } from './testing.ts';

/**
 * What the parser says to each message of RFC 4475: `accepted`, the status that is answered, or `dropped`. Where a layer above
 * has the last word, or where the RFC leaves a choice, the note says which.
 */
const EXPECTED: readonly (readonly [
  section: string,
  name: string,
  answer: 'accepted' | 'dropped' | number,
  note: string,
])[] = [
  ['3.1.1.1', 'wsinv', 'accepted', 'folding, compact forms and odd case are legal'],
  [
    '3.1.1.2',
    'intmeth',
    'accepted',
    'every character a method, URI and name may have; 405 or 501 above for the method',
  ],
  ['3.1.1.3', 'esc01', 'accepted', 'escapes in user and parameters'],
  ['3.1.1.4', 'escnull', 'accepted', 'escaped NULs in a user part are two different users'],
  ['3.1.1.5', 'esc02', 'accepted', '% in a method and in a header name is no escape'],
  ['3.1.1.6', 'lwsdisp', 'accepted', 'no space between display name and <'],
  ['3.1.1.7', 'longreq', 'accepted', 'long values within our limits'],
  ['3.1.1.8', 'dblreq', 'accepted', 'in a datagram what follows the body is ignored'],
  ['3.1.1.9', 'semiuri', 'accepted', 'semicolon in the user part'],
  ['3.1.1.10', 'transports', 'accepted', 'unknown transports below the topmost Via'],
  ['3.1.1.11', 'mpart01', 'accepted', 'a binary multipart body, octet for octet'],
  ['3.1.1.12', 'unreason', 'accepted', 'UTF-8 in the reason phrase'],
  ['3.1.1.13', 'noreason', 'accepted', 'an empty reason phrase'],
  ['3.1.2.1', 'badinv01', 'dropped', 'the Via is broken: a 400 would have no way back'],
  ['3.1.2.2', 'clerr', 400, 'Content-Length beyond the datagram'],
  ['3.1.2.3', 'ncl', 400, 'negative Content-Length'],
  ['3.1.2.4', 'scalar02', 400, 'CSeq, Max-Forwards and Expires beyond their range'],
  ['3.1.2.5', 'scalarlg', 'dropped', 'a response with the same faults'],
  ['3.1.2.6', 'quotbal', 400, 'a quote that does not end'],
  ['3.1.2.7', 'ltgtruri', 400, '<> around the request URI'],
  ['3.1.2.8', 'lwsruri', 400, 'a space in the request URI; nothing is guessed'],
  ['3.1.2.9', 'lwsstart', 400, 'two spaces in the request line; nothing is guessed'],
  ['3.1.2.10', 'trws', 400, 'spaces after the version; nothing is guessed'],
  ['3.1.2.11', 'escruri', 400, 'headers in the request URI'],
  ['3.1.2.12', 'baddate', 'accepted', 'we use no Date; the RFC allows to ignore it'],
  ['3.1.2.13', 'regbadct', 400, 'a Contact with ? needs <>'],
  ['3.1.2.14', 'badaspec', 400, 'spaces within <>'],
  ['3.1.2.15', 'baddn', 400, 'a comma in an unquoted display name'],
  ['3.1.2.16', 'badvers', 505, 'SIP/7.0'],
  ['3.1.2.17', 'mismatch01', 400, 'CSeq method is not the method'],
  ['3.1.2.18', 'mismatch02', 400, 'the same with an unknown method; the RFC allows 400 as well as 501'],
  ['3.1.2.19', 'bigcode', 'dropped', 'a status of ten digits'],
  ['3.2.1', 'badbranch', 'accepted', 'a branch that is only the cookie; the transaction layer treats it as none'],
  ['3.3.1', 'insuf', 'dropped', 'no From, To, Call-ID: a response cannot be made'],
  ['3.3.2', 'unkscm', 'accepted', '416 above'],
  ['3.3.3', 'novelsc', 'accepted', '416 above'],
  ['3.3.4', 'unksm2', 'accepted', 'From and To may have any scheme'],
  ['3.3.5', 'bext01', 'accepted', '420 with Unsupported above'],
  ['3.3.6', 'invut', 'accepted', '415 above'],
  ['3.3.7', 'regaut01', 'accepted', 'an unknown authorization scheme counts as none: 401 above'],
  ['3.3.8', 'multi01', 400, 'From, To, Call-ID, CSeq twice'],
  ['3.3.9', 'mcl01', 400, 'two Content-Lengths; on a stream the connection is closed as well'],
  ['3.3.10', 'bcast', 'accepted', 'a second Via: the dialog layer drops what is not for us'],
  ['3.3.11', 'zeromf', 'accepted', 'Max-Forwards 0 is no fault at its destination'],
  ['3.3.12', 'cparam01', 'accepted', 'the parameter is the Contact header’s'],
  ['3.3.13', 'cparam02', 'accepted', 'the parameter is the URI’s'],
  ['3.3.14', 'regescrt', 'accepted', 'escaped headers within <> of a Contact'],
  ['3.3.15', 'sdp01', 'accepted', 'Accept without application/sdp: 406 above'],
  ['3.4.1', 'inv2543', 'accepted', 'an INVITE of RFC 2543: no branch, no Max-Forwards, no Content-Length'],
];

const messages = tortureMessages();

test('there are 49 messages and each has its answer', () => {
  expect(EXPECTED.map(([, name]) => name).sort()).toEqual([...messages.keys()].sort());
  expect(messages.size).toBe(49);
});

test.each(EXPECTED)('§%s %s: %s (%s)', (_section, name, answer) => {
  const parsed = parseMessage(messages.get(name) ?? Buffer.alloc(0), LIMITS, 'datagram');
  const got = parsed.ok ? 'accepted' : parsed.error.request ? parsed.error.status : 'dropped';
  expect(got).toBe(answer);
});

test('what is accepted means the same after it was written and read again', () => {
  for (const [name, bytes] of messages) {
    const first = parseMessage(bytes, LIMITS, 'datagram');
    if (!first.ok) continue;
    first.value.headers.set('Content-Length', `${first.value.body.length}`);
    const again = parseMessage(serialize(first.value), LIMITS, 'stream');
    first.value.headers.remove('content-length');
    if (again.ok) again.value.headers.remove('content-length');
    expect(again, name).toEqual(first);
  }
});

test('a refused request gets its Via, From, To, Call-ID and CSeq back byte for byte', () => {
  for (const bytes of messages.values()) {
    const parsed = parseMessage(bytes, LIMITS, 'datagram');
    if (parsed.ok || !parsed.error.request) continue;
    const { request, status } = parsed.error;
    const response = serialize(responseTo(request, status)).toString('latin1');
    for (const name of ['Via', 'From', 'To', 'Call-ID', 'CSeq']) {
      expect(response).toContain(`${name}: ${request.headers.get(name)}\r\n`);
      expect(bytes.toString('latin1')).toContain(request.headers.get(name));
    }
  }
});
