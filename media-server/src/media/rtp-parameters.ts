import type { types } from 'mediasoup';
import type { G711 } from './sdp-reader.ts';

/** What every router may carry: nothing is recoded, so both. */
export const ROUTER_CODECS: types.RouterRtpCodecCapability[] = [
  { kind: 'audio', mimeType: 'audio/PCMU', clockRate: 8000, preferredPayloadType: 0 },
  { kind: 'audio', mimeType: 'audio/PCMA', clockRate: 8000, preferredPayloadType: 8 },
];
/** The static payload types (RFC 3551 §6). */
export const PAYLOAD_TYPE = { PCMU: 0, PCMA: 8 } as const;

/** What a consumer takes: one codec and no header extensions. */
export function capabilities(codec: G711): types.RtpCapabilities {
  return {
    codecs: [
      {
        kind: 'audio',
        mimeType: `audio/${codec}`,
        clockRate: 8000,
        channels: 1,
        preferredPayloadType: PAYLOAD_TYPE[codec],
      },
    ],
    headerExtensions: [],
  };
}

/** A producer's stream: one codec, one SSRC. */
export function sendParameters(codec: G711, ssrc: number, cname: string): types.RtpParameters {
  return {
    codecs: [{ mimeType: `audio/${codec}`, payloadType: PAYLOAD_TYPE[codec], clockRate: 8000, channels: 1 }],
    encodings: [{ ssrc }],
    rtcp: { cname, reducedSize: true },
  };
}
