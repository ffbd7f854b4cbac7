import type { types } from 'mediasoup';
import { err, ok, type Result } from '../shared/result.ts';
import { encodingOf, type G711, payloadTypes, readSdp, type SdpFailure } from './sdp-reader.ts';

/** Our end of an agent's stream: what mediasoup's WebRtcTransport and its consumer say of themselves. */
export interface AgentPort {
  readonly ice: types.IceParameters;
  readonly candidates: readonly types.IceCandidate[];
  readonly fingerprints: readonly types.DtlsFingerprint[];
  /** SSRC of what we send them. */
  readonly ssrc: number;
  readonly codec: G711;
  readonly sessionId: string;
  readonly version: number;
}

/** What an agent's description says of their side. */
export interface AgentSide {
  readonly dtls: types.DtlsParameters;
  readonly ufrag: string;
  /** SSRC of what they send us. */
  readonly ssrc: number;
  readonly cname: string;
}

const PAYLOAD_TYPE = { PCMU: 0, PCMA: 8 } as const;

/**
 * A description for an agent's browser: one audio line, G.711 as the customer's leg speaks it and nothing else, ICE-lite,
 * no telephone-event (a browser would play a key aloud). As an offer `setup` is actpass, as an answer passive.
 */
export function describeForAgent(port: AgentPort, as: 'offer' | 'answer'): string {
  const type = PAYLOAD_TYPE[port.codec];
  const fingerprint = port.fingerprints.find(({ algorithm }) => algorithm === 'sha-256') ?? port.fingerprints[0];
  if (!fingerprint) throw new Error('the transport has no DTLS fingerprint');
  const lines = [
    'v=0',
    `o=tonegate ${port.sessionId} ${port.version} IN IP4 0.0.0.0`,
    's=-',
    't=0 0',
    'a=ice-lite',
    'a=group:BUNDLE 0',
    'a=msid-semantic: WMS *',
    `m=audio 9 UDP/TLS/RTP/SAVPF ${type}`,
    'c=IN IP4 0.0.0.0',
    'a=rtcp:9 IN IP4 0.0.0.0',
    'a=mid:0',
    'a=sendrecv',
    `a=ice-ufrag:${port.ice.usernameFragment}`,
    `a=ice-pwd:${port.ice.password}`,
    `a=fingerprint:${fingerprint.algorithm} ${fingerprint.value}`,
    `a=setup:${as === 'offer' ? 'actpass' : 'passive'}`,
    'a=rtcp-mux',
    `a=rtpmap:${type} ${port.codec}/8000`,
    'a=ptime:20',
    'a=msid:customer customer',
    `a=ssrc:${port.ssrc} cname:customer`,
    ...port.candidates.map(candidateLine),
    'a=end-of-candidates',
  ];
  return `${lines.join('\r\n')}\r\n`;
}

function candidateLine(candidate: types.IceCandidate): string {
  const { foundation, protocol, priority, address, port } = candidate;
  const tcp = protocol === 'tcp' ? ' tcptype passive' : '';
  return `a=candidate:${foundation} 1 ${protocol} ${priority} ${address} ${port} typ host${tcp}`;
}

/** Reads an agent's answer, or their offer in a re-INVITE (`as`). 488 where the codec isn't in it. */
export function readAgent(text: string, codec: G711, as: 'offer' | 'answer'): Result<AgentSide, SdpFailure> {
  const read = readSdp(text);
  if (!read.ok) return read;
  const session = read.value;
  const media = session.media.find(({ type, port }) => type === 'audio' && port !== 0);
  if (!media) return err({ status: 488, why: 'no audio line' });
  if (!payloadTypes(media).some((type) => type === PAYLOAD_TYPE[codec] && encodingOf(media, type)?.name === codec)) {
    return err({ status: 488, why: `${codec} is not among the codecs` });
  }
  const fingerprint = media.fingerprint ?? session.fingerprint;
  const algorithm = FINGERPRINTS.find((known) => known === fingerprint?.type?.toLowerCase());
  const value = String(fingerprint?.hash ?? '');
  if (!algorithm || !/^[0-9A-F]{2}(:[0-9A-F]{2}){19,63}$/i.test(value)) {
    return err({ status: 488, why: 'no DTLS fingerprint' });
  }
  const setup = media.setup ?? session.setup ?? 'actpass';
  // We offer actpass and answer passive: they are the client unless their answer says passive.
  const role = as === 'answer' && setup === 'passive' ? 'server' : 'client';
  const source = media.ssrcs?.find(({ attribute }) => attribute === 'cname') ?? media.ssrcs?.[0];
  const ssrc = Number(source?.id);
  if (!Number.isInteger(ssrc) || ssrc <= 0 || ssrc > 0xffff_ffff) {
    return err({ status: 488, why: 'no a=ssrc line' });
  }
  return ok({
    dtls: { role, fingerprints: [{ algorithm, value }] },
    ufrag: String(media.iceUfrag ?? session.iceUfrag ?? ''),
    ssrc,
    cname: String(source?.value ?? 'agent').slice(0, 64),
  });
}

const FINGERPRINTS = ['sha-256', 'sha-384', 'sha-512', 'sha-1', 'sha-224'] as const;
