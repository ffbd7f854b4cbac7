import { readdirSync, readFileSync } from 'node:fs';
import type { MessageLimits } from './message.ts';

/** The defaults of sip/settings.ts. */
export const LIMITS: MessageLimits = { messageBytes: 65_536, headers: 128, lineBytes: 8192 };

const FOLDER = new URL('../../../../tests/sip/rfc4475/', import.meta.url);

/** The messages of RFC 4475 by name. */
export function tortureMessages(): ReadonlyMap<string, Buffer> {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.dat'));
  return new Map(names.map((name) => [name.slice(0, -4), readFileSync(new URL(name, FOLDER))]));
}

/** A request with the lines given instead of, or beside, its usual ones; `undefined` leaves a line out. */
export function requestText(changes: Record<string, string | undefined> = {}, method = 'INVITE', body = ''): string {
  const lines: Record<string, string | undefined> = {
    Via: 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKabc;rport',
    From: '"Anna" <sip:anna@example.com>;tag=a1',
    To: '<sip:+81312345678@example.net;user=phone>',
    'Call-ID': 'c1@example.com',
    CSeq: `7 ${method}`,
    'Max-Forwards': '70',
    Contact: '<sip:anna@192.0.2.1:5060>',
    'Content-Length': `${Buffer.byteLength(body)}`,
    ...changes,
  };
  const head = Object.entries(lines).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return `${method} sip:+81312345678@example.net SIP/2.0\r\n${head.join('\r\n')}\r\n\r\n${body}`;
}
