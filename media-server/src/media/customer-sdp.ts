import { isIPv6 } from 'node:net';
import type { MediaDescription, SessionDescription } from 'sdp-transform';
import { err, ok, type Result } from '../shared/result.ts';
import {
  addressOf,
  type Direction,
  directionOf,
  encodingOf,
  type G711,
  isPort,
  mirrored,
  payloadTypes,
  readSdp,
  type SdpFailure,
} from './sdp-reader.ts';

interface KeyFormat {
  readonly payloadType: number;
  readonly rate: 8000 | 16_000 | 32_000 | 48_000;
}

/** What a customer's description says of their side. Fits the contract's `far` of a leg. */
export interface CustomerSide {
  readonly rtp?: { readonly ip: string; readonly port: number };
  readonly rtcp?: { readonly ip: string; readonly port: number };
  readonly payloadType: number;
  /** Milliseconds of sound per packet that they want, 10–60. */
  readonly ptime: number;
  readonly keysIn: KeyFormat[];
  readonly keysOut?: KeyFormat;
  readonly wantsSound: boolean;
}

/** Our end of a customer's stream, as it stands in our descriptions. `version` grows when anything else changes. */
export interface CustomerPort {
  readonly ip: string;
  readonly rtpPort: number;
  /** RFC 4566 §5.2: digits, unique to the session. */
  readonly sessionId: string;
  readonly version: number;
}

export interface CustomerAgreement {
  readonly codec: G711;
  readonly far: CustomerSide;
}

const KEY_RATES: readonly number[] = [8000, 16_000, 32_000, 48_000];
/** The telephone-event type of our own offers: the commonest. */
const OUR_KEYS = { payloadType: 101, rate: 8000 } as const;
const STATIC_TYPE = { PCMU: 0, PCMA: 8 } as const;

/** An offer to a customer's side: G.711 in the order given, and key events. */
export function offerToCustomer(port: CustomerPort, codecs: readonly G711[]): string {
  const types = codecs.map((codec) => STATIC_TYPE[codec]);
  return describe(port, [
    `m=audio ${port.rtpPort} RTP/AVP ${types.join(' ')} ${OUR_KEYS.payloadType}`,
    ...codecs.map((codec) => `a=rtpmap:${STATIC_TYPE[codec]} ${codec}/8000`),
    ...keyLines([OUR_KEYS]),
    `a=rtcp:${port.rtpPort + 1}`,
    'a=ptime:20',
    'a=sendrecv',
  ]);
}

/**
 * Answers a customer's offer (RFC 3264): the first G.711 codec that both have, every telephone-event type offered, all
 * other media lines refused with port 0. `only` names the codec that a running call speaks: nothing here recodes.
 */
export function answerCustomer(
  offer: string,
  port: CustomerPort,
  only?: G711,
): Result<CustomerAgreement & { readonly answer: string }, SdpFailure> {
  const read = readSdp(offer);
  if (!read.ok) return read;
  const session = read.value;
  const chosen = session.media.find((media) => usable(media) && agree(session, media, only));
  const agreement = chosen && agree(session, chosen, only);
  if (!agreement) {
    return err({ status: 488, why: `no audio line with ${only ?? 'PCMU or PCMA'} over RTP/AVP` });
  }
  const { codec, far } = agreement;
  const direction = mirrored(directionOf(session, chosen));
  const lines = session.media.flatMap((media) =>
    media === chosen
      ? [
          `m=audio ${port.rtpPort} RTP/AVP ${[far.payloadType, ...far.keysIn.map((key) => key.payloadType)].join(' ')}`,
          `a=rtpmap:${far.payloadType} ${codec}/8000`,
          ...keyLines(far.keysIn),
          `a=rtcp:${port.rtpPort + 1}`,
          `a=ptime:${far.ptime}`,
          `a=${direction}`,
        ]
      : [`m=${media.type} 0 ${media.protocol} ${payloadTypes(media)[0] ?? 0}`],
  );
  return ok({ codec, far, answer: describe(port, lines) });
}

/** Reads the answer to `offerToCustomer`. They may send keys under our type or under theirs. */
export function readCustomerAnswer(answer: string): Result<CustomerAgreement, SdpFailure> {
  const read = readSdp(answer);
  if (!read.ok) return read;
  const media = read.value.media.find(usable);
  const agreement = media && agree(read.value, media, undefined);
  if (!agreement) return err({ status: 488, why: 'the answer has no audio line with PCMU or PCMA' });
  const { codec, far } = agreement;
  const ours = far.keysOut && far.keysOut.payloadType !== OUR_KEYS.payloadType ? [OUR_KEYS] : [];
  return ok({ codec, far: { ...far, keysIn: [...ours, ...far.keysIn].slice(0, 4) } });
}

function usable(media: MediaDescription): boolean {
  return (
    media.type === 'audio' && (media.protocol === 'RTP/AVP' || media.protocol === 'RTP/AVPF') && isPort(media.port)
  );
}

function agree(
  session: SessionDescription,
  media: MediaDescription,
  only: G711 | undefined,
): CustomerAgreement | undefined {
  let found: { codec: G711; payloadType: number } | undefined;
  const keys: KeyFormat[] = [];
  for (const payloadType of payloadTypes(media)) {
    const encoding = encodingOf(media, payloadType);
    if (!encoding) continue;
    const { name, rate } = encoding;
    if (!found && (name === 'PCMU' || name === 'PCMA') && rate === 8000 && (!only || name === only)) {
      found = { codec: name, payloadType };
    } else if (name === 'TELEPHONE-EVENT' && KEY_RATES.includes(rate) && keys.length < 4) {
      keys.push({ payloadType, rate: rate as KeyFormat['rate'] });
    }
  }
  if (!found) return undefined;
  const rtp = addressOf(session, media);
  const rtcp = rtp && rtcpAddress(media, rtp);
  const direction: Direction = directionOf(session, media);
  // Keys we send go out beside 8 kHz sound, on its clock (RFC 4733 §2.6).
  const keysOut = keys.find((key) => key.rate === 8000);
  return {
    codec: found.codec,
    far: {
      ...(rtp && { rtp }),
      ...(rtcp && { rtcp }),
      payloadType: found.payloadType,
      ptime: packetTime(media.ptime),
      keysIn: keys,
      ...(keysOut && { keysOut }),
      wantsSound: rtp !== undefined && (direction === 'sendrecv' || direction === 'recvonly'),
    },
  };
}

/** RFC 3605's attribute, else the next port. */
function rtcpAddress(
  media: MediaDescription,
  rtp: { ip: string; port: number },
): { ip: string; port: number } | undefined {
  const port = isPort(media.rtcp?.port) ? media.rtcp.port : rtp.port + 1;
  return isPort(port) ? { ip: rtp.ip, port } : undefined;
}

/** 20 ms unless 10, 30 or 40 (or another whole ten up to 60) is asked for. */
function packetTime(ptime: unknown): number {
  const asked = Number(ptime);
  return asked >= 10 && asked <= 60 && asked % 10 === 0 ? asked : 20;
}

/** `0-15` and nothing more: some peers hang up on an answer with `0-16`. */
function keyLines(keys: readonly KeyFormat[]): string[] {
  return keys.flatMap(({ payloadType, rate }) => [
    `a=rtpmap:${payloadType} telephone-event/${rate}`,
    `a=fmtp:${payloadType} 0-15`,
  ]);
}

function describe(port: CustomerPort, mediaLines: readonly string[]): string {
  const address = `IN ${isIPv6(port.ip) ? 'IP6' : 'IP4'} ${port.ip}`;
  const session = [
    'v=0',
    `o=tonegate ${port.sessionId} ${port.version} ${address}`,
    's=-',
    `c=${address}`,
    't=0 0',
    ...mediaLines,
  ];
  return `${session.join('\r\n')}\r\n`;
}
