// Well-formed messages with octets changed, pieces cut out, doubled or swapped: what a hostile or broken peer may send.
const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';

function message(method: string, extra: readonly string[], body = ''): Buffer {
  return Buffer.from(
    [
      `${method} sip:0312345678@127.0.0.1 SIP/2.0`,
      'Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKmutant;rport',
      'Max-Forwards: 70',
      'From: "Mutant" <sip:mutant@127.0.0.1>;tag=mutant',
      'To: <sip:0312345678@127.0.0.1>',
      'Call-ID: mutant@127.0.0.1',
      `CSeq: 1 ${method}`,
      'Contact: <sip:mutant@127.0.0.1:9>',
      ...extra,
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n'),
  );
}

const SEEDS = [
  message('INVITE', ['Content-Type: application/sdp', 'Supported: timer', 'Session-Expires: 1800'], SDP),
  message('REGISTER', [
    'Expires: 60',
    'Authorization: Digest username="1001", realm="tonegate.local", nonce="0", uri="sip:a", response="0"',
  ]),
  message('OPTIONS', ['Require: 100rel', 'Route: <sip:127.0.0.1;lr>']),
  message('BYE', []),
  message('CANCEL', []),
  message('ACK', []),
  message('INFO', ['Content-Type: application/dtmf-relay'], 'Signal=1\r\nDuration=100\r\n'),
  message('PRACK', ['RAck: 1 1 INVITE']),
  message('UPDATE', ['Min-SE: 90']),
  Buffer.from(
    'SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKa\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n',
  ),
];

/** The same numbers in the same order each time, 0 ≤ x < below. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Broken SIP datagrams without end, the same for the same seed. */
export function mutants(seed: number): () => Buffer {
  const random = seeded(seed);
  return () => mutant(random);
}

/** One of the seeds with octets changed, pieces cut out, doubled or swapped with pieces of another. */
function mutant(random: (below: number) => number): Buffer {
  let bytes = Buffer.from(SEEDS[random(SEEDS.length)] ?? '');
  for (let changes = 1 + random(4); changes > 0; changes--) {
    const at = random(bytes.length);
    const length = 1 + random(40);
    switch (random(5)) {
      case 0:
        bytes[at] = random(256);
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
        break;
      case 3: {
        const other = SEEDS[random(SEEDS.length)] ?? bytes;
        const from = random(other.length);
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + length), bytes.subarray(at)]);
        break;
      }
      default:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from([13, 10, 0, 255, 59, 44, 34].slice(0, 1 + random(7))),
          bytes.subarray(at),
        ]);
    }
    if (bytes.length === 0) bytes = Buffer.from('\0');
  }
  return bytes;
}
