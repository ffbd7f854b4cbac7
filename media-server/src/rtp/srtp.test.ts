import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { deriveKeys, seal, SRTP_KEY_BYTES, SrtpReceiver, SrtpSender } from './srtp.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

function packet(sequence: number, payload = Buffer.alloc(160, 0x55), ssrc = 0x1234_5678): Buffer {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE(sequence * 160, 4);
  header.writeUInt32BE(ssrc, 8);
  return Buffer.concat([header, payload]);
}

const report = (ssrc = 0x1234_5678) => {
  const bytes = Buffer.alloc(28);
  bytes.set([0x80, 200, 0, 6]);
  bytes.writeUInt32BE(ssrc, 4);
  return bytes;
};

function ends() {
  const master = randomBytes(SRTP_KEY_BYTES);
  return { sender: new SrtpSender(master), receiver: new SrtpReceiver(master) };
}

test('keys are derived as RFC 6188 §7.2 has it', () => {
  const master = hex('f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6');
  const { key, salt } = deriveKeys(master, hex('3b04803de51ee7c96423ab5b78d2'), { key: 0, salt: 2 });
  expect(key.toString('hex')).toBe('5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4');
  expect(salt.toString('hex')).toBe('fa31791685ca444a9e07c6c64e93');
});

test('a packet is sealed as RFC 7714 §16.2.1 has it', () => {
  const key = hex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f');
  const sealed = seal(
    key,
    hex('51753c6580c2726f20718414'),
    hex('8040f17b 8041f8d3 5501a0b2'),
    Buffer.from('Gallia est omnis divisa in partes tres'),
  );
  expect(sealed.toString('hex')).toBe(
    '32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13',
  );
});

test('what one end seals the other reads, and nobody between them', () => {
  const { sender, receiver } = ends();
  const sealed = sender.rtp(packet(7)) as Buffer;
  expect(sealed.length).toBe(packet(7).length + 16);
  expect(sealed.includes(Buffer.alloc(8, 0x55))).toBe(false);
  expect(new SrtpReceiver(randomBytes(SRTP_KEY_BYTES)).rtp(sealed)).toBeUndefined();
  expect(receiver.rtp(sealed)).toEqual(packet(7));
  const sealedReport = sender.rtcp(report()) as Buffer;
  expect(receiver.rtcp(sealedReport)).toEqual(report());
});

test('a packet that was changed anywhere, cut, or never sealed is refused', () => {
  const { sender, receiver } = ends();
  const sealed = sender.rtp(packet(7)) as Buffer;
  const sealedReport = sender.rtcp(report()) as Buffer;
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] as number) ^ 1;
    expect(receiver.rtp(changed), `byte ${at}`).toBeUndefined();
    expect(receiver.rtp(sealed.subarray(0, at))).toBeUndefined();
  }
  for (let at = 0; at < sealedReport.length; at++) {
    const changed = Buffer.from(sealedReport);
    changed[at] = (changed[at] as number) ^ 1;
    expect(receiver.rtcp(changed), `byte ${at}`).toBeUndefined();
    expect(receiver.rtcp(sealedReport.subarray(0, at))).toBeUndefined();
  }
  expect(receiver.rtp(packet(8))).toBeUndefined();
  expect(receiver.rtcp(report())).toBeUndefined();
  expect(receiver.rtp(sealed)).toEqual(packet(7));
});

test('a packet that comes again is refused, one that comes late is not', () => {
  const { sender, receiver } = ends();
  const sealed = [1000, 1001, 1002, 1003].map((sequence) => sender.rtp(packet(sequence)) as Buffer);
  const [first, second, third, fourth] = sealed as [Buffer, Buffer, Buffer, Buffer];
  expect(receiver.rtp(first)).toBeDefined();
  expect(receiver.rtp(fourth)).toBeDefined();
  expect(receiver.rtp(second)).toEqual(packet(1001));
  expect(receiver.rtp(third)).toEqual(packet(1002));
  for (const again of sealed) expect(receiver.rtp(again)).toBeUndefined();
  const sealedReport = sender.rtcp(report()) as Buffer;
  expect(receiver.rtcp(sealedReport)).toBeDefined();
  expect(receiver.rtcp(sealedReport)).toBeUndefined();
});

test('no number is ever sealed twice: the same key and number would give both packets away', () => {
  const { sender } = ends();
  expect(sender.rtp(packet(500))).toBeDefined();
  expect(sender.rtp(packet(500, Buffer.alloc(160, 1)))).toBeUndefined();
  expect(sender.rtp(packet(502))).toBeDefined();
  expect(sender.rtp(packet(501))).toBeDefined();
  expect(sender.rtp(packet(501))).toBeUndefined();
  expect(sender.rtp(packet(1000))).toBeDefined();
  // Too old to tell.
  expect(sender.rtp(packet(800))).toBeUndefined();
});

test('numbers roll over, with loss and disorder at the edge', () => {
  const { sender, receiver } = ends();
  let read = 0;
  let sent = 0;
  for (let sequence = 65_000; sequence < 65_000 + 3 * 65_536; sequence += 1) {
    const inner = sequence % 65_536;
    // A gap of 200 packets over each edge.
    if (inner > 65_436 || inner < 100) continue;
    // Between the edges some are enough.
    if (inner > 1000 && inner < 64_000 && inner % 50 !== 0) continue;
    const sealed = sender.rtp(packet(sequence)) as Buffer;
    sent++;
    if (receiver.rtp(sealed)) read++;
  }
  expect(read).toBe(sent);
  const late = [65_000 + 3 * 65_536 + 2, 65_000 + 3 * 65_536 + 1].map((sequence) => sender.rtp(packet(sequence)));
  for (const sealed of late) expect(receiver.rtp(sealed as Buffer)).toBeDefined();
});

test('each stream has numbers of its own, and of many the last are remembered', () => {
  const { sender, receiver } = ends();
  for (let ssrc = 1; ssrc <= 200; ssrc++) {
    const sealed = sender.rtp(packet(9, Buffer.alloc(20, 3), ssrc)) as Buffer;
    expect(receiver.rtp(sealed)).toBeDefined();
    expect(receiver.rtp(sealed)).toBeUndefined();
  }
});

test('extensions and contributors stay in clear and come through; what is no RTP is refused', () => {
  const { sender, receiver } = ends();
  const extended = Buffer.concat([
    hex('92600001 00000002 00000003 0000000a 0000000b bede0001 10ff0000'),
    Buffer.alloc(40, 9),
  ]);
  expect(receiver.rtp(sender.rtp(extended) as Buffer)).toEqual(extended);
  for (const none of [Buffer.alloc(0), Buffer.alloc(12), hex('8f600001 00000002 00000003'), extended.subarray(0, 23)]) {
    expect(sender.rtp(none)).toBeUndefined();
    expect(receiver.rtp(none)).toBeUndefined();
  }
  expect(sender.rtcp(Buffer.alloc(4))).toBeUndefined();
});
