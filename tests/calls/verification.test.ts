// One-time codes from the order to the keypad: the text goes out by a service that stands here, the customer keys what it
// says, another system is told whether they were verified, and the funnel counts it all.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Agent } from '../agent/agent.ts';
import { House } from '../house/house.ts';
import type { Phone } from '../phone/phone.ts';

const NUMBER = '+819012345678';
/** Of an order alone: it has to be found nowhere afterwards. */
const ORDERS_NUMBER = '+818076543219';
let house: House;
let service: Server;
let texts: { to: string; text: string }[];
let status = 201;
let agent: Agent;
let phone: Phone;

beforeAll(async () => {
  service = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      if (status === 201) texts.push(JSON.parse(body));
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/`;
  house = await House.open({ settings: { codes: { sender: { kind: 'http', url }, perPhoneADay: 20 } } });
}, 60_000);
afterAll(async () => {
  await house?.close();
  service.close();
});

beforeEach(async () => {
  texts = [];
  status = 201;
  agent = await house.agent();
  await agent.ready();
  phone = await house.phone();
  await phone.dial(house.stack.number, house.server);
  await agent.until(({ call }) => call?.state === 'talking', 10_000, 'the call');
});
afterEach(() => house.clear());

async function api(method: string, path: string, body?: object) {
  const answer = await fetch(`http://127.0.0.1:${house.stack.ports.http}/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${house.stack.secrets.apiKey}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, json: (await answer.json()) as { id: string; steps: { step: string }[] } };
}

async function verify(of: object) {
  const started = await api('POST', '/verifications', {
    call: agent.call?.id,
    reference: randomUUID().slice(0, 8),
    ...of,
  });
  expect(started).toMatchObject({ status: 201, json: { verified: null } });
  return async () => (await api('GET', `/verifications/${started.json.id}`)).json;
}

const over = (result: () => Promise<unknown>) => expect.poll(result, { timeout: 60_000, interval: 500 });

test('the customer keys the code that came to the phone, and the other system is told: verified', {
  timeout: 90_000,
}, async () => {
  const result = await verify({ phone: ORDERS_NUMBER, language: 'en' });
  await agent.until(({ call }) => call?.payment?.step === 'one-time-code', 30_000, 'the code being asked');
  expect(texts).toEqual([{ to: ORDERS_NUMBER, text: expect.stringContaining('Tanaka Foods'), id: expect.any(String) }]);
  const code = /\d{6}/.exec(texts[0]?.text ?? '')?.[0] ?? '';
  await phone.keys(code);
  await over(result).toMatchObject({ verified: true, reason: null });
  expect(agent.call?.payment).toMatchObject({ purpose: 'verify', outcome: 'approved' });
  expect(JSON.stringify(agent.call)).not.toContain(ORDERS_NUMBER.slice(1));
  // A moment's time or a count may hold the same six digits by chance; alone they stand nowhere.
  const alone = new RegExp(`(?<![0-9.])${code}(?![0-9])`);
  for (const file of ['media-server.log', 'card/card.log', 'tonegate.sqlite', 'tonegate.sqlite-wal']) {
    const text = readFileSync(path.join(house.stack.folder, file), 'latin1');
    expect(text.includes(ORDERS_NUMBER.slice(1)), file).toBe(false);
    expect(alone.test(text), file).toBe(false);
  }
});

test('three wrong codes are no verification', { timeout: 120_000 }, async () => {
  await api('PUT', `/merchants/${agent.me.merchants[0]?.id}/members/M-7`, { phone: NUMBER, language: 'en' });
  const result = await verify({ member: 'M-7', language: 'en' });
  for (let mistakes = 0; mistakes < 3; mistakes++) {
    await agent.until(
      ({ call }) =>
        call?.payment?.step === 'one-time-code' && call.payment.mistakes === mistakes && call.payment.keys === 0,
      30_000,
      `try ${mistakes}`,
    );
    const code = /\d{6}/.exec(texts[0]?.text ?? '')?.[0];
    await phone.keys(code === '111111' ? '222222' : '111111');
  }
  await over(result).toMatchObject({ verified: false, reason: 'code-wrong' });
  expect(texts).toHaveLength(1);
});

test('a text that the service refuses ends the verification in words, and nobody is asked for a code', {
  timeout: 90_000,
}, async () => {
  status = 400;
  const result = await verify({ phone: NUMBER, language: 'ja' });
  await over(result).toMatchObject({ verified: false, reason: 'code-not-sent' });
  await phone.hearsVoice();
});

test('the funnel has counted them, each as it was left', { timeout: 30_000 }, async () => {
  const funnel = () => api('GET', `/funnel?from=0&to=${Date.now() + 1000}&purpose=verify`).then(({ json }) => json);
  await over(funnel).toMatchObject({ payments: 3, outcomes: { approved: 1, failed: 2 }, languages: ['en', 'ja'] });
  const { steps } = await funnel();
  const of = (step: string) => steps.find((each) => each.step === step);
  expect(of('one-time-code')).toMatchObject({ reached: 2, finished: 1, mistakes: 1 });
  expect(of('sending-code')).toMatchObject({ reached: 3, finished: 2, other: 1 });
});
