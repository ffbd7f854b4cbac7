import { type Session, type SessionDescriptionHandlerFactory, Web } from 'sip.js';

/** Longest wait for our own addresses, ms; sip.js waits 5 s by default and there is no STUN server to wait for. */
const ICE_GATHERING_MS = 500;

// G.711 is what phone lines speak and what the server passes on unchanged; telephone-event is left out on purpose:
// keys go by the server, and a browser would play one that it receives aloud.
const SPOKEN = ['audio/PCMU', 'audio/PCMA'];

/** Media of one session: offers and answers G.711 only, and lets a hang-up in mid-negotiation end quietly. */
class G711Session extends Web.SessionDescriptionHandler {
  protected override createLocalOfferOrAnswer(
    options?: Web.SessionDescriptionHandlerOptions,
  ): Promise<RTCSessionDescriptionInit> {
    const codecs = (RTCRtpReceiver.getCapabilities('audio')?.codecs ?? []).filter(
      (codec) => SPOKEN.includes(codec.mimeType) && codec.clockRate === 8_000,
    );
    for (const transceiver of this.peerConnection?.getTransceivers() ?? []) {
      if (codecs.length > 0) transceiver.setCodecPreferences(codecs);
    }
    return super.createLocalOfferOrAnswer(options);
  }
}

/** Gives a session the stream that it sends. */
export type StreamFor = (session: Session) => MediaStream;

export function g711SessionFactory(streamFor: StreamFor): SessionDescriptionHandlerFactory {
  return (session: Session) =>
    new G711Session(session.userAgent.getLogger('sip.SessionDescriptionHandler'), async () => streamFor(session), {
      iceGatheringTimeout: ICE_GATHERING_MS,
      peerConnectionConfiguration: { iceServers: [], bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' },
    });
}

/** The peer connection of a session, while it has one. */
export function peerConnectionOf(session: Session): RTCPeerConnection | undefined {
  return (session.sessionDescriptionHandler as G711Session | undefined)?.peerConnection;
}
