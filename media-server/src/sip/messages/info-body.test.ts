import { expect, test } from 'vitest';
import { wipeInfoBody } from './info-body.ts';

const HEAD = 'INFO sip:a@b SIP/2.0\r\nContent-Type: application/dtmf-relay\r\nContent-Length: 22\r\n\r\n';
const BODY = 'Signal=7\r\nDuration=160\r\n';

test('nothing of what an INFO carries is left, not even behind its length', () => {
  for (const before of ['', '\r\n\r\n']) {
    const message = Buffer.from(`${before}${HEAD}${BODY}4242`);
    wipeInfoBody(message);
    expect(message.toString()).toBe(`${before}${HEAD}${'\0'.repeat(BODY.length + 4)}`);
  }
});

test('other messages, and what has no head, are left alone', () => {
  for (const text of [
    `INVITE sip:a@b SIP/2.0\r\n\r\nv=0`,
    'INFO sip:a@b',
    'INFORM sip:a@b SIP/2.0\r\n\r\nx',
    '',
    '\r\n',
  ]) {
    const message = Buffer.from(text);
    wipeInfoBody(message);
    expect(message.toString()).toBe(text);
  }
});
