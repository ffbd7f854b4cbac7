// sip.js's joint to WebRTC, made with werift instead of a browser: one audio line, G.711.
import { type BodyAndContentType, type SessionDescriptionHandler } from 'sip.js';
import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters } from 'werift';

export interface Packet {
  readonly payloadType: number;
  readonly payload: Uint8Array;
  /** performance.now() at arrival. */
  readonly at: number;
}

export class WeriftHandler implements SessionDescriptionHandler {
  readonly #peer: RTCPeerConnection;
  readonly #outgoing = new MediaStreamTrack({ kind: 'audio' });

  constructor(onPacket: (packet: Packet) => void) {
    this.#peer = new RTCPeerConnection({
      codecs: {
        audio: (['audio/PCMU', 'audio/PCMA'] as const).map(
          (mimeType, i) => new RTCRtpCodecParameters({ mimeType, clockRate: 8000, channels: 1, payloadType: i * 8 }),
        ),
      },
      iceServers: [],
      // The server is on this machine: its loopback address has to be reachable.
      iceAdditionalHostAddresses: ['127.0.0.1'],
    });
    // The line's own event: the connection's fires once, and each further offer may bring another stream of the customer.
    this.#peer.addTransceiver(this.#outgoing, { direction: 'sendrecv' }).onTrack.subscribe((track) => {
      track.onReceiveRtp.subscribe((rtp) => {
        onPacket({ payloadType: rtp.header.payloadType, payload: rtp.payload, at: performance.now() });
      });
    });
  }

  get connected(): boolean {
    return this.#peer.connectionState === 'connected';
  }

  /** Resolves when ICE and DTLS are through. */
  async untilConnected(ms: number): Promise<void> {
    if (this.connected) return;
    await this.#peer.connectionStateChange.watch((state) => state === 'connected', ms);
  }

  /** Sends one RTP packet as it is; werift sets SSRC and payload type of the negotiated stream. */
  send(packet: Buffer): void {
    this.#outgoing.writeRtp(packet);
  }

  close(): void {
    void this.#peer.close();
  }

  async getDescription(): Promise<BodyAndContentType> {
    const description =
      this.#peer.signalingState === 'have-remote-offer'
        ? await this.#peer.createAnswer()
        : await this.#peer.createOffer();
    await this.#peer.setLocalDescription(description);
    return { body: this.#peer.localDescription?.sdp ?? '', contentType: 'application/sdp' };
  }

  hasDescription(contentType: string): boolean {
    return contentType === 'application/sdp';
  }

  async setDescription(sdp: string): Promise<void> {
    const type = this.#peer.signalingState === 'have-local-offer' ? 'answer' : 'offer';
    await this.#peer.setRemoteDescription({ type, sdp });
  }

  sendDtmf(): boolean {
    return false;
  }
}
