import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { newId } from '../shared/ids.ts';
import { Desk, RtpPeer, TestHouse } from './test-house.ts';

const CARD = { number: '378282246310005', code: '1234' };
/** What a number looks like as keys, as text, and as text of two bytes a letter. */
const SHAPES = [
  Buffer.from(Array.from(CARD.number, Number)),
  Buffer.from(CARD.number, 'latin1'),
  Buffer.from(CARD.number, 'utf16le'),
] as const;
const CHUNK = 1 << 22;

/** Whether a process may read its child's memory here (Yama: 2 and 3 forbid it). */
const YAMA = '/proc/sys/kernel/yama/ptrace_scope';
const readable =
  process.platform === 'linux' &&
  (process.getuid?.() === 0 || !existsSync(YAMA) || Number(readFileSync(YAMA, 'utf8')) < 2);

/** How many times the number lies in a process's writable memory, by shape. */
function inMemory(pid: number): number[] {
  const counts = SHAPES.map(() => 0);
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const bytes = Buffer.alloc(CHUNK);
  for (const [, from, to] of readFileSync(`/proc/${pid}/maps`, 'utf8').matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm)) {
    const end = Number.parseInt(to as string, 16);
    for (let at = Number.parseInt(from as string, 16); at < end; at += CHUNK - 64) {
      let got = 0;
      try {
        got = readSync(memory, bytes, 0, Math.min(CHUNK, end - at), at);
      } catch {
        // Pages of a device can't be read this way, and hold no sound of ours.
      }
      for (const [shape, pattern] of SHAPES.entries()) {
        for (
          let hit = bytes.subarray(0, got).indexOf(pattern);
          hit >= 0;
          hit = bytes.subarray(0, got).indexOf(pattern, hit + 1)
        ) {
          // Chunks overlap by 64 bytes: what begins there is counted with the next one.
          if (hit < CHUNK - 64 || at + CHUNK >= end) counts[shape] = (counts[shape] ?? 0) + 1;
        }
      }
    }
  }
  closeSync(memory);
  return counts;
}

/** Files below a folder that hold the number as text. */
function inFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile() && SHAPES.slice(1).some((shape) => readFileSync(file).includes(shape)));
}

test.runIf(readable)(
  'a card number lies in memory once while it is keyed, nowhere after the payment, and in no file at any time',
  { timeout: 60_000 },
  async () => {
    const house = await TestHouse.build();
    const desk = new Desk(house.settings);
    const phone = await RtpPeer.open(0x1111);
    const sfu = await RtpPeer.open(0x2222);
    await desk.link.start();
    const leg = newId();
    desk.openLeg(leg, phone, sfu);
    phone.to((await desk.message('leg-ready')).rtpPort);
    const { payment } = desk.openPayment(leg);
    desk.send({ type: 'payment-begin', payment });
    await desk.step(payment, 'confirmation');
    await desk.press(phone, leg, '1');
    await desk.step(payment, 'card-number');
    await desk.press(phone, leg, CARD.number);
    await desk.step(payment, 'expiry');
    expect(inMemory(house.pid())).toEqual([1, 0, 0]);
    await desk.press(phone, leg, '1230');
    await desk.step(payment, 'security-code');
    await desk.press(phone, leg, CARD.code);
    expect(await desk.message('outcome')).toMatchObject({ outcome: 'approved', brand: 'amex', lastFour: '0005' });
    expect(inMemory(house.pid())).toEqual([0, 0, 0]);
    expect(inFiles(house.folder)).toEqual([]);
    const ledger = new DatabaseSync(join(house.settings.ledgerFolder, 'ledger.sqlite'), { readOnly: true });
    // Brand, last four digits and a fingerprint under a key that is elsewhere: no more is stored of a card.
    expect(ledger.prepare('SELECT brand, last_four, fingerprint FROM attempts').all()).toEqual([
      { brand: 'amex', last_four: '0005', fingerprint: expect.stringMatching(/^[a-z]{8}\.[A-Za-z0-9_-]{43}$/) },
    ]);
    ledger.close();
    await desk.link.stop();
    phone.close();
    sfu.close();
    await house.destroy();
  },
);
