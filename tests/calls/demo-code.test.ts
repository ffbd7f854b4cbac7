// The demo as `npm start` runs it: a one-time code shows on the customer's phone page and is keyed there.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestPage } from '../../media-server/src/demo/test-page.ts';
import { House } from '../house/house.ts';

let house: House;
beforeAll(async () => {
  house = await House.open({ withoutCarrier: false });
}, 60_000);
afterAll(() => house?.close());

test('a member of the demo is verified by the code on their phone, which no log has seen', {
  timeout: 90_000,
}, async () => {
  const agent = await house.agent();
  await agent.ready();
  const page = await TestPage.open(house.stack.ports.phone);
  page.send({ type: 'dial', number: '' });
  await page.state('talking');
  await agent.until(({ call }) => call?.state === 'talking', 10_000, 'the call');
  const ask = async (method: string, at: string, body?: object) => {
    const answer = await fetch(`http://127.0.0.1:${house.stack.ports.http}/v1${at}`, {
      method,
      headers: {
        authorization: `Bearer ${house.stack.secrets.apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': randomUUID(),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    return (await answer.json()) as { id: string; verified: boolean | null };
  };
  const { id } = await ask('POST', '/verifications', { call: agent.call?.id, reference: 'V-1', member: 'C-1001' });
  const { text } = await page.next('text');
  const code = /\d{6}/.exec(text)?.[0] ?? '';
  await agent.until(({ call }) => call?.payment?.step === 'one-time-code', 30_000, 'the code being asked');
  for (const key of code) {
    page.send({ type: 'key-down', key });
    page.send({ type: 'key-up' });
  }
  await expect.poll(() => ask('GET', `/verifications/${id}`), { timeout: 30_000 }).toMatchObject({ verified: true });
  for (const file of ['media-server.log', 'carrier.log', 'card/card.log']) {
    const log = readFileSync(path.join(house.stack.folder, file), 'latin1');
    expect(new RegExp(`(?<![0-9.])${code}(?![0-9])`).test(log), file).toBe(false);
  }
  page.close();
});
