// A merchant's own prompt, from the uploaded file to the customer's ear, across the death of the card process.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { cardPid, eventually, kill } from '../faults/trouble.ts';
import { House } from '../house/house.ts';
import type { Phone } from '../phone/phone.ts';
import { levelAt } from '../phone/sound.ts';

/** Neither a key's frequency nor one of the phones' tones. */
const OWN_HZ = 555;
let house: House;
let cookie: string;

beforeAll(async () => {
  house = await House.open();
  const answer = await api('POST', '/sign-in', { name: 'keiko', password: house.stack.secrets.keiko });
  cookie = (answer.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
}, 60_000);
afterAll(() => house?.close());
afterEach(() => house.clear());

function api(method: string, url: string, body: object | Buffer = {}): Promise<Response> {
  const isSound = Buffer.isBuffer(body);
  return fetch(`http://127.0.0.1:${house.stack.ports.http}/v1${url}`, {
    method,
    headers: { 'content-type': isSound ? 'audio/wav' : 'application/json', ...(cookie && { cookie }) },
    ...(method === 'GET' ? {} : { body: isSound ? new Uint8Array(body) : JSON.stringify(body) }),
  });
}

/** Three seconds of one tone, 16 bits at 16,000 samples a second. */
function wav(): Buffer {
  const samples = Int16Array.from({ length: 48_000 }, (_, i) => 9000 * Math.sin((2 * Math.PI * OWN_HZ * i) / 16_000));
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + samples.byteLength, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  [16, 0x0001_0001, 16_000, 32_000, 0x0010_0002].forEach((value, i) => head.writeUInt32LE(value, 16 + 4 * i));
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([head, Buffer.from(samples.buffer)]);
}

/** Whether the opening of a payment is the merchant's tone or the ready voice. */
async function opening(): Promise<'own' | 'ready'> {
  const agent = await house.agent();
  await agent.ready();
  const phone: Phone = await house.phone();
  await phone.dial(house.stack.number, house.server);
  await agent.until(({ call }) => call?.state === 'talking', 10_000, 'the call');
  await agent.startPayment(house.order(), 'ja');
  await agent.until(({ call }) => call?.payment?.step === 'confirmation', 10_000, 'the dialogue');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const level = levelAt(phone.heard(600), OWN_HZ);
  await house.clear();
  return level > -24 ? 'own' : 'ready';
}

test('a replaced prompt is heard by the next customer, also after the card process died, until it is taken back', {
  timeout: 120_000,
}, async () => {
  const me = (await (await api('GET', '/me')).json()) as { merchants: { id: string }[] };
  const merchant = me.merchants[0];
  const prompt = `/merchants/${merchant?.id}/prompts/ja/opening`;
  expect(await opening()).toBe('ready');

  expect((await api('PUT', `${prompt}?file=own.wav`, wav())).status).toBe(200);
  expect(await opening()).toBe('own');

  const before = cardPid(house);
  await kill(before);
  await eventually(() => cardPid(house) !== before || undefined, 'the next card process');
  await eventually(
    async () => (await fetch(`http://127.0.0.1:${house.stack.ports.http}/healthz`)).ok || undefined,
    'it to be up',
  );
  expect(await opening()).toBe('own');

  expect((await api('DELETE', prompt)).status).toBe(204);
  expect(await opening()).toBe('ready');
});
