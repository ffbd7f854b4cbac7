// The main story with a phone that is not ours at all: baresip registers with the account that the demo prints, calls over
// TLS and pays. What it heard is measured in the WAV that it wrote.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AGENT_HZ, CARDS, CODE, CUSTOMER_HZ, EXPIRY, House } from '../house/house.ts';
import { levelAt } from '../phone/sound.ts';
import { Baresip } from '../sip/peers/baresip.ts';

let house: House;

beforeAll(async () => {
  house = await House.open();
});
afterAll(() => house?.close());

/** Between two keys: baresip takes the next one only when the last has ended. */
const KEY_MS = 260;

test('baresip calls over TLS, pays by key events, and hears the agent before and after but not meanwhile', {
  timeout: 120_000,
}, async () => {
  const agent = await house.agent();
  await agent.ready();
  const { sipTls } = house.stack.ports;
  const phone = await Baresip.start({
    user: 'customer',
    password: house.stack.secrets.customer,
    transport: 'tls',
    registrar: `127.0.0.1:${sipTls}`,
    caFile: path.join(house.stack.folder, 'certificates/ca.pem'),
    source: `ausine,${CUSTOMER_HZ}`,
    codecs: 'PCMU',
  });
  const heard: Int16Array[] = [];
  try {
    await phone.registered();
    await phone.dial(`sip:${house.stack.number}@127.0.0.1:${sipTls}`);
    await phone.event('CALL_ESTABLISHED');
    await agent.hears(CUSTOMER_HZ, 10_000);
    await wait(1000);
    await agent.startPayment(house.order());
    await agent.until(({ call }) => call?.payment?.state === 'running', 5000, 'the wall to be shut');
    await wait(20);
    const whenShut = agent.counts.received;
    for (const [step, keys] of [
      ['confirmation', '1'],
      ['card-number', CARDS.approved],
      ['expiry', EXPIRY],
      ['security-code', CODE],
    ] as const) {
      await agent.until(({ call }) => call?.payment?.step === step, 30_000, step);
      for (const key of keys) {
        await phone.key(key);
        await wait(KEY_MS);
      }
    }
    await agent.until(({ call }) => call?.payment?.state === 'ended', 30_000, 'the outcome');
    expect(agent.counts.received).toBe(whenShut);
    expect((await agent.outcome(30_000)).outcome).toBe('approved');
    await agent.hears(CUSTOMER_HZ);
    await wait(1000);
  } finally {
    await phone.stop(async (files) => {
      const file = files.find((name) => name.includes('dec'));
      if (file) heard.push(samplesOf(readFileSync(file)));
    });
  }
  // A second with the agent's tone stands near the beginning and near the end of what it heard.
  const [all = new Int16Array()] = heard;
  const seconds = Array.from({ length: Math.floor(all.length / 8000) }, (_, i) =>
    levelAt(all.subarray(i * 8000, (i + 1) * 8000), AGENT_HZ),
  );
  const withTone = seconds.map((level) => level > -40);
  expect(withTone.slice(0, 4)).toContain(true);
  expect(withTone.slice(-4)).toContain(true);
  // In between there is one stretch without it, as long as the payment.
  expect(withTone.filter((has) => !has).length).toBeGreaterThan(8);
});

/** The samples of a mono 16-bit WAV as baresip writes it (44 bytes of header). */
function samplesOf(wav: Buffer): Int16Array {
  const data = wav.subarray(44);
  return Int16Array.from({ length: Math.floor(data.length / 2) }, (_, i) => data.readInt16LE(i * 2));
}
