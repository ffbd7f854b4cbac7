import { expect, test } from 'vitest';
import { afterTry, type SendResult, type SendStep, startSending } from './sending.ts';

const NOT_SENT: SendResult = { is: 'not-sent', again: true, why: 'busy' };
const REFUSED: SendResult = { is: 'not-sent', again: false, why: 'refused' };
const NOT_KNOWN: SendResult = { is: 'not-known', why: 'no answer' };

/** Each try takes `tookMs`. Gives the tries that were made and how it ended. */
function send(results: readonly SendResult[], tookMs = 100) {
  let now = 0;
  const sending = startSending(now);
  let step: SendStep = { type: 'try', afterMs: 0 };
  let tries = 0;
  while (step.type === 'try') {
    now += step.afterMs + tookMs;
    step = afterTry(sending, results[Math.min(tries, results.length - 1)] as SendResult, now);
    tries++;
  }
  return { tries, result: step.result, now };
}

test('a text that was taken is sent once', () => {
  expect(send([{ is: 'sent' }])).toMatchObject({ tries: 1, result: 'sent' });
});

test('a text whose fate is not known is sent once more, and no more', () => {
  expect(send([NOT_KNOWN])).toMatchObject({ tries: 2, result: 'not-known' });
  expect(send([NOT_KNOWN, { is: 'sent' }])).toMatchObject({ tries: 2, result: 'sent' });
  expect(send([NOT_KNOWN, REFUSED])).toMatchObject({ tries: 2, result: 'not-known' });
});

test('a text that was surely not sent is tried again only where that can help', () => {
  expect(send([REFUSED])).toMatchObject({ tries: 1, result: 'not-sent' });
  expect(send([NOT_SENT, NOT_SENT, { is: 'sent' }])).toMatchObject({ tries: 3, result: 'sent' });
  expect(send([NOT_SENT])).toMatchObject({ tries: 4, result: 'not-sent' });
});

test('whatever each try ends with and however long it takes, a sending ends within 25 s', () => {
  const kinds = [NOT_SENT, NOT_KNOWN, REFUSED];
  for (let way = 0; way < 3 ** 5; way++) {
    const results = Array.from({ length: 5 }, (_, i) => kinds[Math.floor(way / 3 ** i) % 3] as SendResult);
    for (const tookMs of [0, 3000, 9999]) {
      const { now, tries } = send(results, tookMs);
      expect(now).toBeLessThan(25_000);
      expect(tries).toBeLessThanOrEqual(5);
    }
  }
});
