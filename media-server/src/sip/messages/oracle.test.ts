import { Parser } from 'sip.js/lib/core/messages/parser.js';
import { expect, test } from 'vitest';
import { parseCSeq } from './fields.ts';
import { parseNameAddr } from './name-addr.ts';
import { parseMessage } from './parse.ts';
import { LIMITS, requestText, tortureMessages } from './testing.ts';
import { parseUri } from './uri.ts';
import { topVia } from './via.ts';

const quiet = { error() {}, warn() {}, log() {}, debug() {} } as unknown as Parameters<typeof Parser.parseMessage>[1];

function ours(bytes: Buffer): Record<string, unknown> | undefined {
  const parsed = parseMessage(bytes, LIMITS, 'datagram');
  if (!parsed.ok) return undefined;
  const { headers } = parsed.value;
  const via = topVia(headers);
  const cseq = parseCSeq(headers.get('cseq') ?? '');
  const from = parseNameAddr(headers.get('from') ?? '');
  const to = parseNameAddr(headers.get('to') ?? '');
  if (!via.ok || !cseq.ok || !from.ok || !to.ok) throw new Error('accepted with headers that cannot be read');
  const uri = parsed.value.kind === 'request' ? parseUri(parsed.value.uri) : undefined;
  return {
    ...(parsed.value.kind === 'request'
      ? { method: parsed.value.method, ...(uri?.ok && { host: uri.value.host, port: uri.value.port }) }
      : { status: parsed.value.status, reason: Buffer.from(parsed.value.reason, 'latin1').toString() }),
    callId: headers.get('call-id'),
    cseq: cseq.value,
    branch: via.value.params.get('branch'),
    sentBy: via.value.host,
    fromTag: from.value.params.get('tag'),
    toTag: to.value.params.get('tag'),
    body: parsed.value.body.toString('utf8'),
  };
}

function sipJs(bytes: Buffer): Record<string, unknown> | undefined {
  const message = Parser.parseMessage(bytes.toString('utf8'), quiet);
  if (!message) return undefined;
  const cseq = { number: message.cseq, method: message.getHeader('cseq')?.trim().split(/\s+/)[1] ?? '' };
  return {
    ...('ruri' in message
      ? { method: message.method, ...(message.ruri && { host: message.ruri.host, port: message.ruri.port }) }
      : { status: message.statusCode ?? 0, reason: message.reasonPhrase ?? '' }),
    callId: message.callId,
    cseq,
    branch: message.viaBranch,
    sentBy: message.via.host.toLowerCase(),
    fromTag: message.fromTag || undefined,
    toTag: message.toTag || undefined,
    body: message.body,
  };
}

test('sip.js reads the same in every RFC 4475 message that both accept', () => {
  let compared = 0;
  for (const [name, bytes] of tortureMessages()) {
    const read = ours(bytes);
    if (!read) continue;
    const other = sipJs(bytes);
    if (!other) continue;
    expect(read, name).toEqual(other);
    compared++;
  }
  expect(compared).toBeGreaterThan(15);
});

test('sip.js reads the same in an everyday INVITE and its answer', () => {
  const request = requestText({ 'Record-Route': '<sip:p1;lr>, <sip:p2;lr>' }, 'INVITE', 'v=0\r\n');
  for (const text of [request, request.replace(/^.*/, 'SIP/2.0 183 Session Progress')]) {
    const bytes = Buffer.from(text);
    expect(ours(bytes)).toEqual(sipJs(bytes));
  }
});
