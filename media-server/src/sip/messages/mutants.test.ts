import { expect, test } from 'vitest';
import { DigestClient } from '../digest/client.ts';
import { parseDigest } from '../digest/fields.ts';
import { Secret } from '../../shared/secret.ts';
import { parseContentType, parseRAck, parseSeconds, parseSessionExpires } from './fields.ts';
import type { SipMessage } from './message.ts';
import { formatNameAddr, parseNameAddr } from './name-addr.ts';
import { parseMessage } from './parse.ts';
import { responseTo } from './response.ts';
import { splitList } from './scan.ts';
import { serialize } from './serialize.ts';
import { StreamFramer } from './stream-framer.ts';
import { LIMITS, requestText, tortureMessages } from './testing.ts';
import { formatUri, parseUri } from './uri.ts';
import { formatVia, markReceived, parseVia } from './via.ts';

const SEED = 20_260_101;
const MUTANTS = 20_000;
const ANSWERS = [400, 505, 513];
/** What parsers trip over. */
const BITS = [
  '\r\n',
  ' ',
  ',',
  ';',
  '"',
  '<',
  '>',
  '\\',
  '%',
  '%4',
  '=',
  ':',
  '@',
  '[',
  '\0',
  '\xff',
  '4294967296',
  'SIP/2.0',
  '?',
  '\r',
  '\n',
];

/** mulberry32: small, fast, the same numbers everywhere. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function mutate(message: Buffer, other: Buffer, random: (below: number) => number): Buffer {
  let text = message.toString('latin1');
  for (let changes = 1 + random(4); changes > 0; changes--) {
    const at = random(text.length + 1);
    const to = Math.min(text.length, at + 1 + random(24));
    const kind = random(6);
    if (kind === 0) text = text.slice(0, at) + String.fromCharCode(random(256)) + text.slice(at + 1);
    else if (kind === 1) text = text.slice(0, at) + text.slice(to);
    else if (kind === 2) text = text.slice(0, to) + text.slice(at);
    else if (kind === 3) text = text.slice(0, at) + (BITS[random(BITS.length)] ?? '') + text.slice(at);
    else if (kind === 4) text = text.slice(0, at);
    else text = text.slice(0, at) + other.toString('latin1', random(other.length));
  }
  return Buffer.from(text, 'latin1');
}

/** Everything that layers above do with a message's headers. */
function readAll(message: SipMessage): void {
  for (const [, value] of message.headers) {
    for (const element of splitList(value)) {
      const address = parseNameAddr(element);
      if (address.ok) formatNameAddr(address.value);
      const via = parseVia(element);
      if (via.ok) formatVia(via.value);
      const uri = parseUri(address.ok ? address.value.uri : element);
      if (uri.ok) formatUri(uri.value);
    }
    for (const read of [parseSessionExpires, parseSeconds, parseRAck, parseContentType, parseDigest]) read(value);
  }
  markReceived(message.headers, { ip: '192.0.2.9', port: 5060 });
  const digest = new DigestClient({ user: 'u', password: new Secret('p') }, () => 'c');
  if (message.kind === 'response' && digest.take(message, message.headers).ok) digest.credentials('INVITE', 'sip:a@b');
}

test(`${MUTANTS} broken messages are refused or read, and none throws`, () => {
  const random = randomFrom(SEED);
  const originals = [...tortureMessages().values(), Buffer.from(requestText({}, 'INVITE', 'v=0\r\n'))];
  let accepted = 0;
  for (let i = 0; i < MUTANTS; i++) {
    const [original, other] = [originals[random(originals.length)], originals[random(originals.length)]];
    if (!original || !other) throw new Error('no originals');
    const mutant = mutate(original, other, random);
    const parsed = parseMessage(mutant, LIMITS, i % 2 === 0 ? 'datagram' : 'stream');
    if (parsed.ok) {
      accepted++;
      // Written and read again it is still a message: what we pass on, the next one can read.
      expect(parseMessage(serialize(parsed.value), LIMITS, 'stream').ok).toBe(true);
      readAll(parsed.value);
    } else {
      expect(ANSWERS).toContain(parsed.error.status);
      if (parsed.error.request) {
        serialize(responseTo(parsed.error.request, parsed.error.status, parsed.error.reason, 'tag'));
        readAll(parsed.error.request);
      }
    }
    new StreamFramer(LIMITS).push(mutant);
  }
  // The mutations are neither harmless nor hopeless, or the test would show nothing.
  expect(accepted).toBeGreaterThan(MUTANTS / 20);
  expect(accepted).toBeLessThan(MUTANTS / 2);
});
