import type { WebSocket } from 'ws';

/**
 * Just enough of a SIP server for a window that looks at one: accepts REGISTER and OPTIONS without asking for a
 * password, and can call the window once. No media flows.
 */
export class SipPeer {
  /** Refusals of our INVITEs, e.g. `486 Busy Here`. */
  readonly refused: string[] = [];
  readonly #socket: WebSocket;
  /** The instance that registered (RFC 5626 §4.1). */
  instance = '';
  #contact = '';
  #invite: { call: string; ack: string; answered: (sdp: string) => void } | undefined;
  #sequence = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      if (Buffer.isBuffer(data)) this.#received(data.toString());
    });
  }

  get registered(): boolean {
    return this.#contact !== '';
  }

  /** Sends an INVITE for a call; resolves with the SDP of the answer, once it is acknowledged. */
  invite(call: string, resume: boolean): Promise<string> {
    this.#sequence += 1;
    const id = `call-${this.#sequence}@peer.invalid`;
    const head = (method: string, branch: string, to: string): string[] => [
      `${method} ${this.#contact} SIP/2.0`,
      `Via: SIP/2.0/WS peer.invalid;branch=z9hG4bK${branch}`,
      'Max-Forwards: 70',
      'From: <sip:customer@peer.invalid>;tag=peer',
      `To: <${this.#contact}>${to}`,
      `Call-ID: ${id}`,
      `CSeq: 1 ${method}`,
    ];
    const lines = [
      ...head('INVITE', `invite${this.#sequence}`, ''),
      'Contact: <sip:peer.invalid;transport=ws>',
      `X-Tonegate-Call: ${call}`,
      ...(resume ? ['X-Tonegate-Resume: 1'] : []),
      'Content-Type: application/sdp',
      `Content-Length: ${OFFER.length}`,
    ];
    return new Promise((answered) => {
      const ack = head('ACK', `ack${this.#sequence}`, ';tag=@').concat('Content-Length: 0').join('\r\n');
      this.#invite = { call: id, ack, answered };
      this.#socket.send(`${lines.join('\r\n')}\r\n\r\n${OFFER}`);
    });
  }

  /** The network takes the connection away. */
  cut(): void {
    this.#socket.terminate();
  }

  #received(message: string): void {
    const header = (name: string): string => new RegExp(`^${name}: *(.*)$`, 'im').exec(message)?.[1]?.trim() ?? '';
    if (/^(\r\n)+$/.test(message)) return this.#socket.send('\r\n');
    if (message.startsWith('SIP/2.0 200') && header('CSeq').endsWith('INVITE') && this.#invite !== undefined) {
      const tag = /;tag=([^;\s]+)/.exec(header('To'))?.[1] ?? '';
      const { ack, answered } = this.#invite;
      this.#invite = undefined;
      this.#socket.send(`${ack.replace(';tag=@', `;tag=${tag}`)}\r\n\r\n`);
      answered(message.slice(message.indexOf('\r\n\r\n') + 4));
      return;
    }
    if (/^SIP\/2\.0 [3-6]/.test(message)) this.refused.push(message.slice(8, message.indexOf('\r')));
    if (message.startsWith('SIP/2.0') || message.startsWith('ACK ')) return;
    const method = message.slice(0, message.indexOf(' '));
    const contact = header('Contact');
    if (method === 'REGISTER') this.instance = /\+sip\.instance="([^"]+)"/.exec(contact)?.[1] ?? '';
    if (method === 'REGISTER') this.#contact = /<([^>]+)>/.exec(contact)?.[1] ?? '';
    const answer = [
      'SIP/2.0 200 OK',
      `Via: ${header('Via')}`,
      `From: ${header('From')}`,
      `To: ${header('To')};tag=peer`,
      `Call-ID: ${header('Call-ID')}`,
      `CSeq: ${header('CSeq')}`,
      ...(method === 'REGISTER' ? [`Contact: ${contact.replace(/;expires=\d+/, '')};expires=300`] : []),
      'Content-Length: 0',
    ];
    this.#socket.send(`${answer.join('\r\n')}\r\n\r\n`);
  }
}

// An ICE-lite offer with an address of TEST-NET-1 (RFC 5737), which nobody answers.
const OFFER = [
  'v=0',
  'o=- 1 1 IN IP4 192.0.2.1',
  's=-',
  't=0 0',
  'a=ice-lite',
  'a=group:BUNDLE 0',
  'm=audio 40000 UDP/TLS/RTP/SAVPF 0 8 101',
  'c=IN IP4 192.0.2.1',
  'a=mid:0',
  'a=rtcp-mux',
  'a=ice-ufrag:abcdefgh',
  'a=ice-pwd:abcdefghabcdefghabcdefgh',
  `a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}`,
  'a=setup:actpass',
  'a=candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host',
  'a=end-of-candidates',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=sendrecv',
  'a=ssrc:1111 cname:peer',
  '',
].join('\r\n');
