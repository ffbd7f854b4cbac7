// An INVITE as a test writes it, for what a phone that behaves would never send.
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';

export interface RawInvite {
  readonly to: string;
  readonly server: { readonly host: string; readonly port: number };
  /** Further header lines. */
  readonly headers?: readonly string[];
  /** The media line's formats and their rtpmaps. */
  readonly formats?: readonly { readonly type: number; readonly map: string }[];
}

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

/** Sends it over UDP and resolves with the final answer, which is acknowledged. A call that is taken is left to end. */
export async function rawInvite({ to, server, headers = [], formats = [PCMU] }: RawInvite): Promise<RawAnswer> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  const uri = `sip:${to}@${server.host}:${server.port}`;
  const branch = `z9hG4bK${randomBytes(8).toString('hex')}`;
  const callId = randomBytes(8).toString('hex');
  const body = [
    'v=0',
    'o=raw 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${port + 1} RTP/AVP ${formats.map(({ type }) => type).join(' ')}`,
    ...formats.map(({ type, map }) => `a=rtpmap:${type} ${map}`),
    '',
  ].join('\r\n');
  const message = (method: string, toHeader: string, more: readonly string[], content: string) =>
    [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=${branch};rport`,
      'Max-Forwards: 70',
      `From: <sip:raw@127.0.0.1>;tag=${callId.slice(0, 8)}`,
      `To: ${toHeader}`,
      `Call-ID: ${callId}`,
      `CSeq: 1 ${method}`,
      `Contact: <sip:raw@127.0.0.1:${port}>`,
      ...more,
      `Content-Length: ${content.length}`,
      '',
      content,
    ].join('\r\n');
  const send = (text: string) => socket.send(text, server.port, server.host);
  try {
    return await new Promise<RawAnswer>((resolve, reject) => {
      const giveUp = setTimeout(() => reject(new Error('no final answer in 5 s')), 5000);
      socket.on('message', (bytes) => {
        const text = bytes.toString('latin1');
        const status = Number(/^SIP\/2\.0 (\d+)/.exec(text)?.[1]);
        if (!(status >= 200)) return;
        clearTimeout(giveUp);
        socket.send(message('ACK', /^To: (.*)$/im.exec(text)?.[1] ?? '', [], ''), server.port, server.host, () =>
          resolve({ status, text }),
        );
      });
      send(message('INVITE', `<${uri}>`, [...headers, 'Content-Type: application/sdp'], body));
    });
  } finally {
    socket.close();
  }
}

const PCMU = { type: 0, map: 'PCMU/8000' } as const;
