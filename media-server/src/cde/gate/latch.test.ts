import { expect, test } from 'vitest';
import { emptyHeader } from '../../rtp/packet.ts';
import { Latch } from './latch.ts';

const phone = { ip: '192.0.2.1', port: 4000 };
const nat = { ip: '198.51.100.9', port: 30_000 };
const spoofer = { ip: '203.0.113.66', port: 6666 };

/** Sends packets every 20 ms; says which were taken. */
class Net {
  readonly latch = new Latch();
  now = 0;
  #sequences = new Map<string, number>();

  send(from: { ip: string; port: number }, count = 1, everyMs = 20, ssrc = from.port): boolean[] {
    return Array.from({ length: count }, () => {
      const key = `${from.ip}:${from.port}`;
      const sequence = ((this.#sequences.get(key) ?? 65_530) + 1) & 0xffff;
      this.#sequences.set(key, sequence);
      const taken = this.latch.accept({ ...emptyHeader(), ssrc, sequence }, from.ip, from.port, this.now);
      this.now += everyMs;
      return taken;
    });
  }
}

test('the announced address is taken from its first packet, and sent to before it has sent any', () => {
  const net = new Net();
  net.latch.announce(phone);
  expect(net.latch.target).toEqual(phone);
  expect(net.send(phone)).toEqual([true]);
});

test('without an announced address the first packet tells it', () => {
  const net = new Net();
  expect(net.latch.target).toBeUndefined();
  expect(net.send(nat)).toEqual([true]);
  expect(net.latch.target).toEqual(nat);
});

test('behind a NAT the second packet in a row settles it, and sound goes there', () => {
  const net = new Net();
  net.latch.announce(phone);
  expect(net.send(nat, 3)).toEqual([false, true, true]);
  expect(net.latch.target).toEqual(nat);
});

test('a stream beside a live one never wins, however long and often it is sent', () => {
  for (const home of [phone, nat]) {
    const net = new Net();
    net.latch.announce(phone);
    net.send(home, 5);
    for (let i = 0; i < 2000; i++) {
      expect(net.send(spoofer, 5, 2)).not.toContain(true);
      expect(net.send({ ip: home.ip, port: 7777 }, 2, 2)).not.toContain(true);
      expect(net.send(home, 1, 6)).toEqual([true]);
    }
    expect(net.latch.target).toEqual(home);
  }
});

test('a stray packet never moves a silent leg', () => {
  const net = new Net();
  net.latch.announce(phone);
  net.send(phone, 5);
  net.now += 10_000;
  expect(net.send(spoofer, 1)).toEqual([false]);
  // Not in a row: another SSRC each time.
  for (let ssrc = 0; ssrc < 50; ssrc++) expect(net.send(spoofer, 1, 20, ssrc)).toEqual([false]);
  expect(net.latch.target).toEqual(phone);
});

test('a port that changes in mid-call is followed after 200 ms of silence', () => {
  const net = new Net();
  net.latch.announce(phone);
  net.send(phone, 5);
  const moved = { ip: phone.ip, port: 4002 };
  const taken = net.send(moved, 20);
  expect(taken.slice(0, 8)).not.toContain(true);
  expect(taken.slice(10)).not.toContain(false);
  expect(net.latch.target).toEqual(moved);
});

test('a host that changes unannounced is followed only after two seconds of silence', () => {
  const net = new Net();
  net.latch.announce(phone);
  net.send(phone, 5);
  const taken = net.send(nat, 150);
  expect(taken.slice(0, 98)).not.toContain(true);
  expect(taken.slice(101)).not.toContain(false);
});

test('an announced address wins with its second packet even beside the old stream, and gets sound at once', () => {
  const net = new Net();
  net.latch.announce(phone);
  net.send(phone, 5);
  const moved = { ip: '192.0.2.77', port: 9000 };
  net.latch.announce(moved);
  expect(net.latch.target).toEqual(moved);
  expect(net.send(phone)).toEqual([true]);
  expect(net.send(moved)).toEqual([false]);
  expect(net.send(phone)).toEqual([true]);
  expect(net.send(moved)).toEqual([true]);
  expect(net.send(phone, 5)).toEqual([false, false, false, false, false]);
});

test('the phone itself takes its place back from somebody who was there before it', () => {
  const net = new Net();
  net.latch.announce(phone);
  net.send(spoofer, 10, 1);
  net.send(phone, 1, 1);
  net.send(spoofer, 1, 1);
  expect(net.send(phone, 1)).toEqual([true]);
  expect(net.latch.target).toEqual(phone);
});

test('an announced address that proved wrong is not sent to while the true source is heard', () => {
  const net = new Net();
  net.latch.announce({ ip: '10.0.0.5', port: 4000 });
  net.send(nat, 5);
  net.latch.announce({ ip: '10.0.0.5', port: 4100 });
  expect(net.latch.target).toEqual(nat);
});
