import { Parser } from 'sip.js/lib/core/messages/parser.js';
import { DigestClient } from '../media-server/src/sip/digest/client.ts';
import { Headers, type MessageLimits } from '../media-server/src/sip/messages/message.ts';
import { parseNameAddr } from '../media-server/src/sip/messages/name-addr.ts';
import { parseMessage } from '../media-server/src/sip/messages/parse.ts';
import { splitList } from '../media-server/src/sip/messages/scan.ts';
import { StreamFramer } from '../media-server/src/sip/messages/stream-framer.ts';
import { Secret } from '../media-server/src/shared/secret.ts';

/**
 * How fast SIP messages are read, as a ratio to sip.js's parser in the same run, and how long the worst hostile message
 * of about 60 kB holds the process up. `node bench/sip-parse.ts`; the last line is JSON.
 */

/** The widest limits the settings allow: with the defaults most hostile messages are refused before they cost anything. */
const LIMITS: MessageLimits = { messageBytes: 262_144, headers: 512, lineBytes: 65_536 };
const ROUND_MS = 400;
const ROUNDS = 3;
const HOSTILE_BYTES = 60_000;
const HOSTILE_RUNS = 15;

const SDP = `v=0\r\no=- 20518 0 IN IP4 203.0.113.1\r\ns=-\r\nc=IN IP4 203.0.113.1\r\nt=0 0\r\nm=audio 54400 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n`;

function message(startLine: string, method: string, body: string, extra: readonly string[] = []): string {
  return [
    startLine,
    'Via: SIP/2.0/UDP 203.0.113.10:5060;branch=z9hG4bK-524287-1---b5a8e2f0c1d3;rport',
    'Via: SIP/2.0/UDP 10.20.30.40:5060;branch=z9hG4bK-771f;received=203.0.113.20',
    'Record-Route: <sip:203.0.113.10;lr;ftag=9fxced76sl>',
    'From: "Anna Example" <sip:+81312345678@carrier.example;user=phone>;tag=9fxced76sl',
    'To: <sip:+81501112222@tonegate.example;user=phone>',
    'Call-ID: 3848276298220188511@carrier.example',
    `CSeq: 314159 ${method}`,
    'Contact: <sip:+81312345678@10.20.30.40:5060;transport=udp>',
    'Max-Forwards: 68',
    ...extra,
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}

const EVERYDAY = new Map([
  [
    'INVITE',
    message('INVITE sip:+81501112222@tonegate.example;user=phone SIP/2.0', 'INVITE', SDP, [
      'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK',
      'Supported: timer, 100rel',
      'Session-Expires: 1800;refresher=uac',
      'P-Asserted-Identity: <tel:+81312345678>',
      'User-Agent: carrier/1.0',
      'Content-Type: application/sdp',
    ]),
  ],
  ['200 OK', message('SIP/2.0 200 OK', 'INVITE', SDP, ['Allow: INVITE, ACK, BYE', 'Content-Type: application/sdp'])],
  ['OPTIONS', message('OPTIONS sip:ping@tonegate.example SIP/2.0', 'OPTIONS', '')],
]);

function withHeader(line: string): string {
  return message('INVITE sip:a@tonegate.example SIP/2.0', 'INVITE', '', [line]);
}

function repeated(text: string): string {
  return text.repeat(Math.ceil(HOSTILE_BYTES / text.length)).slice(0, HOSTILE_BYTES);
}

/** An everyday message in which one header's line is another. */
function replaced(name: string, value: string): string {
  return withHeader('X: y').replace(new RegExp(`^${name}: .*$`, 'm'), () => `${name}: ${value}`);
}

const HOSTILE = new Map([
  ['From with spaces', replaced('From', `x${repeated(' ')}y`)],
  ['From with parameters', replaced('From', `<sip:a@b>${numbered((i) => `;p${i}=v`)}`)],
  ['From with open quotes', replaced('From', repeated('"\\"'))],
  ['From with <', replaced('From', repeated('<'))],
  ['To with backslashes', replaced('To', `"${repeated('\\\\')}`)],
  [
    'Via list',
    replaced(
      'Via',
      numbered((i) => `SIP/2.0/UDP h${i};branch=z9hG4bK${i},`),
    ),
  ],
  ['Via with commas', replaced('Via', repeated(','))],
  ['contacts', replaced('Contact', numbered((i) => `<sip:u${i}@h>,`).slice(0, -1))],
  ['contacts with quotes', replaced('Contact', repeated('"",'))],
  ['Contact with URI parameters', replaced('Contact', `<sip:a@b${numbered((i) => `;p${i}=%41`)}>`)],
  ['escapes', replaced('Contact', `<sip:${repeated('%41')}@b>`)],
  ['folded lines', withHeader(`Subject: a${repeated('\r\n b')}`)],
  ['empty folds', withHeader(`Subject: a${repeated('\r\n ')}`)],
  ['header lines', withHeader(repeated('a:\r\n').slice(0, -2))],
  ['header lines without a name', withHeader(repeated(':\r\n').slice(0, -2))],
  ['CRs', withHeader(`Subject: ${repeated('\r')}`)],
  ['LFs', withHeader(`Subject: ${repeated('\n')}`)],
  ['request URI', withHeader('X: y').replace('sip:a@', `sip:${repeated('a;')}@`)],
  ['request line of spaces', withHeader('X: y').replace('sip:a@', `sip:a${repeated(' ')}@`)],
  ['CSeq digits', replaced('CSeq', `${repeated('9')} INVITE`)],
  ['Content-Length digits', replaced('Content-Length', repeated('9'))],
  ['blank lines first', repeated('\r\n') + withHeader('X: y')],
]);

function numbered(item: (i: number) => string): string {
  let text = '';
  for (let i = 0; text.length < HOSTILE_BYTES; i++) text += item(i);
  return text;
}

const quiet = { error() {}, warn() {}, log() {}, debug() {} } as unknown as Parameters<typeof Parser.parseMessage>[1];

/** Calls in a second: the best of some rounds, since other work on the machine only ever slows them. */
function perSecond(work: () => void): number {
  let best = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    let calls = 0;
    let elapsed = 0;
    while (elapsed < ROUND_MS) {
      for (let i = 0; i < 10; i++) work();
      calls += 10;
      elapsed = performance.now() - start;
    }
    best = Math.max(best, (calls / elapsed) * 1000);
  }
  return Math.round(best);
}

/** The median, ms: a pause of the machine's or the collector's isn't the message's. */
function typicalMs(work: () => void): number {
  const times = Array.from({ length: HOSTILE_RUNS }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  }).sort((a, b) => a - b);
  return times[HOSTILE_RUNS >> 1] ?? 0;
}

/** What the layers above do with headers that the parser leaves alone. */
function readRest(bytes: Buffer): void {
  const value = bytes.toString('latin1');
  for (const element of splitList(value)) parseNameAddr(element);
  const digest = new DigestClient({ user: 'u', password: new Secret('p') });
  const headers = new Headers([['WWW-Authenticate', `Digest ${value}`]]);
  digest.take({ kind: 'response', status: 401, reason: '', headers, body: Buffer.alloc(0) }, headers);
}

const speeds: Record<string, { ours: number; 'sip.js': number; ratio: number }> = {};
for (const [name, text] of EVERYDAY) {
  const bytes = Buffer.from(text, 'latin1');
  if (!parseMessage(bytes, LIMITS, 'datagram').ok) throw new Error(`${name} is refused`);
  const ours = perSecond(() => parseMessage(bytes, LIMITS, 'datagram'));
  const theirs = perSecond(() => Parser.parseMessage(text, quiet));
  speeds[`${name}, ${bytes.length} B`] = { ours, 'sip.js': theirs, ratio: Math.round(ours / theirs) };
}
console.log('Messages a second');
console.table(speeds);

const hostile: Record<string, { bytes: number; ms: number }> = {};
for (const [name, text] of HOSTILE) {
  const bytes = Buffer.from(text, 'latin1');
  const ms = typicalMs(() => {
    parseMessage(bytes, LIMITS, 'datagram');
    new StreamFramer(LIMITS).push(bytes);
    readRest(bytes);
  });
  hostile[name] = { bytes: bytes.length, ms: Math.round(ms * 1000) / 1000 };
}
const octets = Buffer.from(withHeader(`Subject: ${repeated('x')}`));
const octetsMs = typicalMs(() => {
  const framer = new StreamFramer(LIMITS);
  for (let i = 0; i < octets.length; i++) framer.push(octets.subarray(i, i + 1));
});
console.log('Hostile messages: parsed, framed and every list and digest reader run over it');
console.table(hostile);
console.log(`A stream of ${octets.length} B that comes octet by octet: ${octetsMs.toFixed(1)} ms in as many pieces`);

const ratios = Object.values(speeds).map(({ ratio }) => ratio);
const [worst = ['', { ms: 0 }]] = Object.entries(hostile).sort(([, a], [, b]) => b.ms - a.ms);
console.log(
  JSON.stringify({
    bench: 'sip-parse',
    messages_per_s: Object.values(speeds).map(({ ours }) => ours),
    ratio_to_sip_js: { least: Math.min(...ratios), most: Math.max(...ratios) },
    worst_hostile_ms: worst[1].ms,
    worst_hostile: worst[0],
    stream_by_octets_ms: Math.round(octetsMs * 1000) / 1000,
  }),
);
