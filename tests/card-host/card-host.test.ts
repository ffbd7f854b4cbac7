// The card process on another host: every part of a call reaches it over the network, and nothing of a payment leaves it.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { cardCertificates } from '../../media-server/src/card-certificates.ts';
import { freePort, TestCardHost } from '../../media-server/src/test-card-host.ts';
import { CARDS, CODE, House } from '../house/house.ts';
import {
  atStep,
  expectBooks,
  hearEachOther,
  type Talk,
  totals,
  paysUpTo,
  pays,
  PAYMENT_MS,
} from '../faults/trouble.ts';
import { Desk } from '../wall/desk.ts';
import { Cable, OtherHost } from './other-host.ts';

let other: OtherHost;
let host: TestCardHost;
let cable: Cable;
let house: House;
let restart: () => Promise<void>;

beforeAll(async () => {
  other = OtherHost.open();
  house = await House.open({
    beforeServer: async ({ port: sandbox, caFile, keyFile, rtpMin }) => {
      await other.reaches(sandbox);
      const folder = path.join(path.dirname(caFile), '../card-host');
      mkdirSync(folder);
      const { server, card } = await cardCertificates(path.join(folder, 'certificates'));
      const port = other.namespace === undefined ? await freePort(other.ip) : 7600;
      restart = async () => {
        host = await TestCardHost.start(
          folder,
          {
            dataFolder: path.join(folder, 'data'),
            listen: { address: other.ip, port, ...card },
            media: {
              bind: other.ip,
              rtpPorts: { min: rtpMin, max: rtpMin + 99 },
              sfu: { ports: { min: rtpMin + 100, max: rtpMin + 199 } },
            },
            card: { threads: 1, lookupDelaysMs: [300, 600, 1000], absentAgainAfterSeconds: 0.5 },
            gateway: { kind: 'sandbox', url: `https://127.0.0.1:${sandbox}`, caFile, keyFile, timeoutMs: 3000 },
          },
          other.prefix,
        );
      };
      await restart();
      cable = await Cable.open('127.0.0.1', { host: other.ip, port });
      return {
        card: {
          remote: {
            ...{ host: '127.0.0.1', port: cable.port, ...server },
            media: { ip: other.ours, ports: { min: rtpMin + 200, max: rtpMin + 299 } },
          },
        },
      };
    },
  });
}, 60_000);
afterAll(async () => {
  await house?.close();
  cable?.close();
  await host?.stop();
  other?.close();
});
afterEach(() => house.clear());

/** A customer, at our end of the network, and an agent, who hear each other. */
async function talking(): Promise<Talk & { call: string }> {
  const agent = await house.agent();
  await agent.ready();
  const phone = await house.phone({ ip: other.ours, user: '09012345678' });
  await phone.dial(house.stack.number, house.server);
  const talk = { house, agent, phone };
  await hearEachOther(talk);
  return { ...talk, call: (await new Desk(house).callOf('09012345678')).id };
}

test('a customer pays, and nothing of either passes the wall between the two hosts', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking();
  const desk = new Desk(house);
  const before = await totals(house);
  const order = house.order();
  await paysUpTo(talk, order, CARDS.approved, 'card-number');
  // What was under way has arrived.
  await wait(200);
  const first = await desk.counts(talk.call);
  const { received } = talk.agent.counts;
  await talk.phone.keys(`${CARDS.approved.slice(0, 8)}`, { how: 'both' });
  await wait(500);
  expect(talk.agent.heard(400).length).toBe(0);
  const last = await desk.counts(talk.call);
  expect(last?.sfu).toMatchObject({
    fromCustomer: first?.sfu?.fromCustomer,
    toAgent: first?.sfu?.toAgent,
    toCustomer: first?.sfu?.toCustomer,
  });
  expect(last?.sfu?.fromAgent).toBeGreaterThan(first?.sfu?.fromAgent ?? 0);
  expect(talk.agent.counts.received).toBe(received);
  await talk.phone.keys(`${CARDS.approved.slice(8)}#`, { how: 'both' });
  await atStep(talk, 'expiry');
  await talk.phone.keys('1230');
  await atStep(talk, 'security-code');
  await talk.phone.keys(CODE);
  expect(await talk.agent.outcome(30_000)).toMatchObject({ outcome: 'approved', lastFour: '4242', order });
  await hearEachOther(talk);
  await expectBooks(house, before, order.amountMinor);
});

test('the link is cut in a payment: the wall stays shut, the payment goes on, and the agent is told when it is back', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking();
  const before = await totals(house);
  const order = house.order();
  const { id } = await paysUpTo(talk, order, CARDS.approved, 'security-code');
  cable.cut();
  await wait(300);
  await talk.phone.keys(CODE);
  await wait(1500);
  expect(talk.agent.heard(1000).length).toBe(0);
  expect((await totals(house)).attempts.approved).toBe(before.attempts.approved + 1);
  cable.mend();
  expect(await new Desk(house).outcome(id, 30_000)).toMatchObject({ outcome: 'approved', lastFour: '4242' });
  await hearEachOther(talk);
  await expectBooks(house, before, order.amountMinor);
});

test('the card process dies and its supervisor starts it again: they hear each other, and pay', {
  timeout: PAYMENT_MS,
}, async () => {
  const talk = await talking();
  process.kill(host.pid, 'SIGKILL');
  await host.ended;
  await wait(300);
  expect(talk.agent.heard(200).length).toBe(0);
  await restart();
  await hearEachOther(talk);
  const order = house.order();
  await pays(talk, order, CARDS.approved);
  expect(await talk.agent.outcome(30_000)).toMatchObject({ outcome: 'approved', order });
  await hearEachOther(talk);
});
