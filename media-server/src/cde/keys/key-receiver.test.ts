import { expect, test } from 'vitest';
import { chances } from '../../rtp/test-packets.ts';
import { KeyReceiver, NO_KEY } from './key-receiver.ts';

interface Report {
  at: number;
  ssrc: number;
  timestamp: number;
  rate: number;
  event: number;
  duration: number;
  end: boolean;
}

/** What a phone sends for one press, segments of long ones included (RFC 4733 §2.5.1.3). */
function press(
  key: number,
  from: number,
  ms: number,
  phone: { ssrc: number; rate: number; interval: number },
): Report[] {
  const { ssrc, rate, interval } = phone;
  const units = (time: number) => Math.round((time * rate) / 1000);
  const reports: Report[] = [];
  let timestamp = units(from) >>> 0;
  let done = 0;
  for (let time = interval; time < ms; time += interval) {
    while (units(time) - done > 0xffff) {
      reports.push({ at: from + time, ssrc, timestamp, rate, event: key, duration: 0xffff, end: false });
      timestamp = (timestamp + 0xffff) >>> 0;
      done += 0xffff;
    }
    reports.push({ at: from + time, ssrc, timestamp, rate, event: key, duration: units(time) - done, end: false });
  }
  const duration = Math.min(0xffff, units(ms) - done);
  for (let i = 0; i < 3; i++) reports.push({ at: from + ms, ssrc, timestamp, rate, event: key, duration, end: true });
  return reports;
}

function hear(receiver: KeyReceiver, reports: readonly Report[]): number[] {
  const keys: number[] = [];
  for (const report of reports) {
    const key = receiver.packet(report.ssrc, report.timestamp, report.rate, { ...report, volume: 10 }, report.at);
    if (key !== NO_KEY) keys.push(key);
  }
  return keys;
}

const phone = { ssrc: 1, rate: 8000, interval: 50 };

test('exactly the keys pressed are told, whatever is lost, repeated or out of order', () => {
  for (let seed = 1; seed <= 3000; seed++) {
    const chance = chances(seed);
    const rate = [8000, 16_000, 32_000, 48_000][Math.floor(chance() * 4)] as number;
    const interval = [10, 20, 30, 50][Math.floor(chance() * 4)] as number;
    const loss = chance() * 0.4;
    const jitter = chance() * 40;
    const sender = { ssrc: Math.floor(chance() * 0xffff_ffff), rate, interval };
    const pressed: number[] = [];
    const arriving: Report[] = [];
    // Near the wrap of the timestamps in a part of the seeds.
    let time = chance() < 0.2 ? (0xffff_ffff / rate) * 1000 - 3000 : chance() * 10_000;
    for (let i = 0; i < 16; i++) {
      const key = Math.floor(chance() * 12);
      const ms = chance() < 0.03 ? 20_000 * chance() + 40 : 40 + chance() * 250;
      const arrived: Report[] = [];
      for (const report of press(key, time, ms, sender)) {
        while (chance() >= loss) {
          arrived.push({ ...report, at: report.at + chance() * jitter });
          if (chance() < 0.9) break;
        }
      }
      if (arrived.length > 0) pressed.push(key);
      arriving.push(...arrived);
      time += ms + 41 + chance() * 200;
    }
    arriving.sort((a, b) => a.at - b.at);
    expect(hear(new KeyReceiver(), arriving), `seed ${seed}`).toEqual(pressed);
  }
});

test('a key held for 30 seconds counts once, by segments or by a duration that wraps', () => {
  expect(hear(new KeyReceiver(), press(5, 0, 30_000, phone))).toEqual([5]);
  const wrapped = press(5, 0, 30_000, phone).map((report) => ({
    ...report,
    timestamp: 0,
    duration: (report.at * 8) & 0xffff,
  }));
  expect(hear(new KeyReceiver(), wrapped)).toEqual([5]);
});

test('the same key twice counts twice, even when every end was lost', () => {
  const reports = [...press(7, 0, 100, phone), ...press(7, 150, 100, phone)].filter((report) => !report.end);
  expect(hear(new KeyReceiver(), reports)).toEqual([7, 7]);
});

test('the same key pressed again after as long as a segment lasts is a new press', () => {
  const reports = [...press(7, 0, 100, phone), ...press(7, 8192, 100, phone)].filter((report) => !report.end);
  expect(hear(new KeyReceiver(), reports)).toEqual([7, 7]);
});

test('one end packet is enough for a key', () => {
  expect(hear(new KeyReceiver(), press(3, 0, 100, phone).slice(-1))).toEqual([3]);
});

test('an SSRC that changes within a press makes no second one, after it it does not hide one', () => {
  const moved = press(4, 0, 200, phone).map((report) =>
    report.at > 100 ? { ...report, ssrc: 2, timestamp: 99 } : report,
  );
  expect(hear(new KeyReceiver(), moved)).toEqual([4]);
  expect(hear(new KeyReceiver(), [...press(4, 0, 200, phone), ...press(4, 400, 200, { ...phone, ssrc: 2 })])).toEqual([
    4, 4,
  ]);
});

test('timestamps that begin anew under the same SSRC, or under another rate, hide no key', () => {
  const receiver = new KeyReceiver();
  const anew = press(3, 100, 100, phone).map((report) => ({ ...report, at: report.at + 60_500 }));
  expect(hear(receiver, [...press(2, 60_000, 100, phone), ...anew.slice(0, 1)])).toEqual([2, 3]);
  expect(receiver.lasts(60_660)).toBe(true);
  expect(hear(receiver, anew.slice(1))).toEqual([]);
  expect(receiver.lasts(60_710)).toBe(false);
  const wide = press(4, 61_000, 100, { ...phone, rate: 48_000 });
  expect(hear(receiver, [...wide, ...press(5, 61_400, 100, phone), ...wide])).toEqual([4, 5]);
});

test('A to D, flash and unknown events are no keys', () => {
  const receiver = new KeyReceiver();
  for (const event of [12, 13, 14, 15, 16, 64, 255]) {
    expect(hear(receiver, press(event, event * 1000, 100, phone))).toEqual([]);
  }
  expect(hear(receiver, press(9, 300_000, 100, phone))).toEqual([9]);
});

test('a phone that never moves the timestamp on still has different keys told', () => {
  const reports = [1, 2, 3].flatMap((key, i) => press(key, i * 200, 100, phone)).map((r) => ({ ...r, timestamp: 0 }));
  expect(hear(new KeyReceiver(), reports)).toEqual([1, 2, 3]);
});

test('an event lasts until its end, or until three packet times of silence', () => {
  const receiver = new KeyReceiver();
  expect(receiver.lasts(0)).toBe(false);
  hear(receiver, press(1, 0, 100, phone).slice(0, 1));
  expect(receiver.lasts(199)).toBe(true);
  expect(receiver.lasts(201)).toBe(false);
  expect(receiver.endedAt(1000)).toBe(200);
  hear(receiver, press(2, 1000, 100, phone));
  expect(receiver.lasts(1100)).toBe(false);
  expect(receiver.endedAt(5000)).toBe(1100);
});
