import { expect, test } from 'vitest';
import { emptyHeader, readRtp } from '../rtp/packet.ts';
import { TestClock } from '../shared/clock.ts';
import type { LegHandlers, SipLeg } from '../sip/leg.ts';
import { Line } from './line.ts';
import type { PhoneMessage } from './page-messages.ts';
import type { RtpPort } from './rtp-port.ts';

const THEIRS = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'];
const sdp = (...lines: string[]) => [...THEIRS, ...lines, ''].join('\r\n');
const OPEN = sdp('m=audio 6000 RTP/AVP 0 101', 'a=rtpmap:101 telephone-event/8000');
const HELD = sdp('m=audio 6000 RTP/AVP 0 101', 'a=rtpmap:101 telephone-event/8000', 'a=sendonly');

/** A line whose outside world is in the test's hands. */
function makeLine() {
  const clock = new TestClock();
  const told: PhoneMessage[] = [];
  const sent: Uint8Array[] = [];
  const did: string[] = [];
  let handlers: LegHandlers | undefined;
  let incoming: (packet: Uint8Array, from: number) => void = () => {};
  let heard = 0;
  const port: RtpPort = {
    ip: '127.0.0.1',
    rtp: 5004,
    rtcp: 5005,
    send: (packet) => sent.push(packet),
    receive: (handler) => {
      incoming = handler;
    },
    close: () => did.push('port closed'),
  };
  const leg = (offer?: string): SipLeg => ({
    id: 'leg',
    direction: 'in',
    peer: { kind: 'trunk', trunk: 'tonegate' },
    far: { user: '0312345678', withheld: false },
    called: { user: '09012345678', withheld: false },
    source: { ip: '127.0.0.1', port: 5060, transport: 'udp' },
    ...(offer !== undefined && { offer }),
    state: 'early',
    ring: () => did.push('ring'),
    answer: (answer) => did.push(`answer ${/a=(sendrecv|recvonly|sendonly|inactive)/.exec(answer)?.[1]}`),
    reject: (status) => did.push(`reject ${status}`),
    end: () => did.push('end'),
    reinvite: async () => ({ ok: false, error: { status: 500 } }),
  });
  const line = new Line({
    port,
    clock,
    caller: '09012345678',
    number: '0312345678',
    sample: () => new Int16Array(1600).fill(8000),
    call: (_number, _offer, given) => {
      handlers = given;
      return leg();
    },
    tell: (message) => told.push(message),
    hear: (samples) => {
      heard += samples.length;
    },
  });
  return {
    line,
    clock,
    told,
    sent,
    did,
    leg,
    heard: () => heard,
    arrive: (packet: Uint8Array, from = 6000) => incoming(packet, from),
    dialled: () => {
      line.take({ type: 'dial', number: '' });
      return handlers as LegHandlers;
    },
    last: () => told.findLast((message) => message.type === 'state'),
  };
}

const types = (packets: readonly Uint8Array[]) =>
  packets.map((packet) => {
    const header = emptyHeader();
    readRtp(packet, header);
    return header.payloadType;
  });

function packet(sequence: number, type = 0): Uint8Array {
  const bytes = new Uint8Array(172);
  bytes.set([0x80, type, sequence >> 8, sequence & 0xff, 0, 0, 0, 0, 1, 2, 3, 4]);
  return bytes;
}

test('put on hold the phone sends nothing, and says so; taken back it sends again, its keys too', async () => {
  const { line, clock, sent, dialled, last } = makeLine();
  const handlers = dialled();
  handlers.established(OPEN);
  clock.advance(100);
  expect(types(sent)).toEqual([0, 0, 0, 0, 0]);
  expect(await handlers.reoffered(HELD)).toMatchObject({ ok: true, value: expect.stringContaining('a=recvonly') });
  expect(last()).toMatchObject({ call: 'talking', held: true, keys: false });
  line.take({ type: 'key-down', key: '1' });
  clock.advance(1000);
  expect(sent.length).toBe(5);
  await handlers.reoffered(OPEN);
  expect(last()).toMatchObject({ held: false, keys: true });
  line.take({ type: 'key-down', key: '2' });
  clock.advance(20);
  expect(types(sent).at(-1)).toBe(101);
});

test('a re-offer without G.711 is refused, and the call goes on as it was', async () => {
  const { clock, sent, dialled } = makeLine();
  const handlers = dialled();
  handlers.established(OPEN);
  expect(await handlers.reoffered(sdp('m=audio 6000 RTP/AVP 9'))).toEqual({ ok: false, error: { status: 488 } });
  clock.advance(40);
  expect(sent.length).toBe(2);
});

test('an incoming call that cannot be met is refused with 488; one without an offer gets ours', () => {
  const { line, did, leg, last } = makeLine();
  line.ring(leg(sdp('m=audio 6000 RTP/AVP 9')));
  expect(did).toEqual(['reject 488']);
  expect(line.idle).toBe(true);
  const handlers = line.ring(leg());
  line.take({ type: 'answer' });
  expect(did.slice(1)).toEqual(['ring', 'answer sendrecv']);
  handlers.established(OPEN);
  expect(last()).toMatchObject({ call: 'talking', keys: true });
});

test('a caller who gives up is a missed call', () => {
  const { line, leg, last } = makeLine();
  const handlers = line.ring(leg(OPEN));
  expect(last()).toMatchObject({ call: 'ringing', far: '0312345678' });
  handlers.ended({ by: 'far', cause: 'cancelled' });
  expect(last()).toEqual({ type: 'state', call: 'idle', ended: 'missed' });
});

test('only packets of this call are heard, each once; a late one is not', () => {
  const { arrive, heard, dialled } = makeLine();
  arrive(packet(1));
  const handlers = dialled();
  handlers.established(OPEN);
  arrive(packet(2), 7000);
  arrive(packet(3, 101));
  arrive(new Uint8Array(4));
  expect(heard()).toBe(0);
  arrive(packet(10));
  arrive(packet(10));
  arrive(packet(9));
  arrive(packet(12));
  expect(heard()).toBe(320);
});

test('keys of a call never leak into the next, and after the end nothing is sent', () => {
  const { line, clock, sent, dialled } = makeLine();
  const first = dialled();
  first.established(OPEN);
  for (const key of '123') line.take({ type: 'key-down', key });
  clock.advance(20);
  first.ended({ by: 'far', cause: 'hung-up' });
  sent.length = 0;
  clock.advance(1000);
  expect(sent).toEqual([]);
  dialled().established(OPEN);
  clock.advance(200);
  expect(new Set(types(sent))).toEqual(new Set([0]));
});

test('when the page goes, its call and its port do too, and nobody is told', () => {
  const { line, did, told, dialled } = makeLine();
  dialled().established(OPEN);
  const before = told.length;
  line.close();
  expect(did).toEqual(['end', 'port closed']);
  expect(told.length).toBe(before);
  expect(line.idle).toBe(false);
});
