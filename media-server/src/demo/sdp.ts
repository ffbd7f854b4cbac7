import { isIP, isIPv6 } from 'node:net';
import { type MediaDescription, parse, type SessionDescription } from 'sdp-transform';
import type { Law } from '../rtp/g711.ts';
import type { StreamFormat } from './outgoing-stream.ts';
import type { RtpAddress } from './rtp-port.ts';

/** The phone's own side of a session. */
export interface OwnSide {
  readonly ip: string;
  readonly rtp: number;
  readonly rtcp: number;
  /** Digits, unique to the session (RFC 4566 §5.2). */
  readonly sessionId: string;
  /** Grows with every description that differs. */
  readonly version: number;
}

/** What both have agreed on. */
export interface Agreement {
  readonly format: StreamFormat;
  /** Where our packets go; absent on an old-style hold (`c=0.0.0.0`). */
  readonly far?: RtpAddress;
  /** The far side takes our sound, and sends its own. */
  readonly sends: boolean;
  readonly hears: boolean;
}

const OUR_KEYS = 101;
const SDP_LIMIT = 16_384;

/** An offer of G.711 µ and A and key events. */
export function offer(own: OwnSide): string {
  return describe(own, [
    `m=audio ${own.rtp} RTP/AVP 0 8 ${OUR_KEYS}`,
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:8 PCMA/8000',
    `a=rtpmap:${OUR_KEYS} telephone-event/8000`,
    `a=fmtp:${OUR_KEYS} 0-15`,
    `a=rtcp:${own.rtcp}`,
    'a=ptime:20',
    'a=sendrecv',
  ]);
}

/** Answers an offer (RFC 3264 §6); nothing if it has no line of G.711 that we can take. */
export function answer(
  offered: string,
  own: OwnSide,
): { readonly agreement: Agreement; readonly sdp: string } | undefined {
  const session = read(offered);
  const chosen = session?.media.find((media) => agree(session, media));
  const agreement = session && chosen && agree(session, chosen);
  if (!agreement) return undefined;
  const { law, payloadType, keysType } = agreement.format;
  const types = keysType === undefined ? [payloadType] : [payloadType, keysType];
  const direction = agreement.sends
    ? agreement.hears
      ? 'sendrecv'
      : 'sendonly'
    : agreement.hears
      ? 'recvonly'
      : 'inactive';
  const lines = session.media.flatMap((media) =>
    media === chosen
      ? [
          `m=audio ${own.rtp} RTP/AVP ${types.join(' ')}`,
          `a=rtpmap:${payloadType} ${law}/8000`,
          ...(keysType === undefined ? [] : [`a=rtpmap:${keysType} telephone-event/8000`, `a=fmtp:${keysType} 0-15`]),
          `a=rtcp:${own.rtcp}`,
          'a=ptime:20',
          `a=${direction}`,
        ]
      : [`m=${media.type} 0 ${media.protocol} ${typesOf(media)[0] ?? 0}`],
  );
  return { agreement, sdp: describe(own, lines) };
}

/** Reads the answer to our offer. */
export function readAnswer(sdp: string): Agreement | undefined {
  const session = read(sdp);
  const media = session?.media.find((each) => each.type === 'audio');
  return session && media && agree(session, media);
}

function read(sdp: string): SessionDescription | undefined {
  if (sdp.length > SDP_LIMIT) return undefined;
  try {
    const session = parse(sdp);
    return session.media?.length > 0 && session.media.length <= 16 ? session : undefined;
  } catch {
    return undefined;
  }
}

function agree(session: SessionDescription, media: MediaDescription): Agreement | undefined {
  if (media.type !== 'audio' || media.port === 0 || !/^RTP\/AVPF?$/.test(media.protocol)) return undefined;
  const types = typesOf(media);
  const nameOf = (type: number) => {
    const map = media.rtp?.find((entry) => entry.payload === type && Number(entry.rate) === 8000);
    return map?.codec.toUpperCase() ?? (type === 0 ? 'PCMU' : type === 8 ? 'PCMA' : undefined);
  };
  const payloadType = types.find((type) => nameOf(type) === 'PCMU' || nameOf(type) === 'PCMA');
  if (payloadType === undefined) return undefined;
  const law: Law = nameOf(payloadType) === 'PCMA' ? 'PCMA' : 'PCMU';
  const keysType = types.find((type) => nameOf(type) === 'TELEPHONE-EVENT');
  const ip = String(media.connection?.ip ?? session.connection?.ip ?? '');
  const reachable = isIP(ip) !== 0 && ip !== '0.0.0.0' && ip !== '::';
  const direction = media.direction ?? session.direction ?? 'sendrecv';
  return {
    format: { law, payloadType, ...(keysType !== undefined && { keysType }) },
    ...(reachable && { far: { ip, port: media.port } }),
    sends: reachable && (direction === 'sendrecv' || direction === 'recvonly'),
    hears: direction === 'sendrecv' || direction === 'sendonly',
  };
}

function typesOf(media: MediaDescription): number[] {
  return String(media.payloads ?? '')
    .split(' ')
    .map(Number)
    .filter((type) => Number.isInteger(type) && type >= 0 && type <= 127);
}

function describe(own: OwnSide, mediaLines: readonly string[]): string {
  const address = `IN ${isIPv6(own.ip) ? 'IP6' : 'IP4'} ${own.ip}`;
  const lines = [
    'v=0',
    `o=phone ${own.sessionId} ${own.version} ${address}`,
    's=-',
    `c=${address}`,
    't=0 0',
    ...mediaLines,
  ];
  return `${lines.join('\r\n')}\r\n`;
}
