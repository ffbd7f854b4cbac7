import { isIP } from 'node:net';
import { type MediaDescription, parse, type SessionDescription } from 'sdp-transform';
import { err, ok, type Result } from '../shared/result.ts';

/** Why a description can't be used. 400: it is no SDP; 488: it is, but offers nothing we can take (RFC 3261 §21.4.26). */
export interface SdpFailure {
  readonly status: 400 | 488;
  readonly why: string;
}

export type G711 = 'PCMU' | 'PCMA';
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** Characters of one description that we read. */
const SDP_LIMIT = 16_384;
const MEDIA_LIMIT = 16;

/** Reads a description into sdp-transform's structure, within limits. It never throws. */
export function readSdp(text: string): Result<SessionDescription, SdpFailure> {
  if (text.length > SDP_LIMIT) return err({ status: 488, why: `longer than ${SDP_LIMIT} characters` });
  let session: SessionDescription;
  try {
    session = parse(text);
  } catch {
    return err({ status: 400, why: 'not a session description' });
  }
  if (!session.media?.length) return err({ status: 488, why: 'no media line' });
  if (session.media.length > MEDIA_LIMIT) return err({ status: 488, why: `more than ${MEDIA_LIMIT} media lines` });
  return ok(session);
}

/** Payload types of a media line in the order of preference, each 0–127. */
export function payloadTypes(media: MediaDescription): number[] {
  return String(media.payloads ?? '')
    .split(' ')
    .map(Number)
    .filter((type) => Number.isInteger(type) && type >= 0 && type <= 127)
    .slice(0, 64);
}

/** Encoding name and clock rate of a payload type: from its rtpmap, or the static assignment (RFC 3551 §6). */
export function encodingOf(media: MediaDescription, payloadType: number): { name: string; rate: number } | undefined {
  const map = media.rtp?.find((entry) => entry.payload === payloadType);
  if (map) return { name: String(map.codec).toUpperCase(), rate: Number(map.rate) };
  if (payloadType === 0) return { name: 'PCMU', rate: 8000 };
  if (payloadType === 8) return { name: 'PCMA', rate: 8000 };
  return undefined;
}

export function directionOf(session: SessionDescription, media: MediaDescription): Direction {
  return (media.direction ?? session.direction ?? 'sendrecv') as Direction;
}

/** The direction an answer gives to an offer's (RFC 3264 §6.1). */
export function mirrored(direction: Direction): Direction {
  if (direction === 'sendonly') return 'recvonly';
  return direction === 'recvonly' ? 'sendonly' : direction;
}

/**
 * Address and port of a media line, unless it is none that packets can go to: hold by `c=0.0.0.0`, a host name, a zone of
 * the far side's machine (`fe80::1%eth0`, which `isIP` lets pass).
 */
export function addressOf(
  session: SessionDescription,
  media: MediaDescription,
): { ip: string; port: number } | undefined {
  const ip = String(media.connection?.ip ?? session.connection?.ip ?? '');
  const unspecified = ip === '0.0.0.0' || ip === '::';
  if (!isIP(ip) || ip.includes('%') || unspecified || !isPort(media.port)) return undefined;
  return { ip, port: media.port };
}

export function isPort(port: unknown): port is number {
  return Number.isInteger(port) && (port as number) > 0 && (port as number) < 65_536;
}
