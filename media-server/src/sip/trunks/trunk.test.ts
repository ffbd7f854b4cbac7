import { expect, test } from 'vitest';
import { TestClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/logger.ts';
import { Secret } from '../../shared/secret.ts';
import { DigestServer } from '../digest/server.ts';
import { ha1 } from '../digest/hash.ts';
import type { SipRequest } from '../messages/message.ts';
import { responseTo } from '../messages/response.ts';
import { Routing } from '../routing.ts';
import { SipSettings, TrunkSettings } from '../settings.ts';
import { MemoryNetwork } from '../testing/memory-network.ts';
import { nameOf, notedFlow, sent } from '../testing/requests.ts';
import { TransactionLayer } from '../transactions/transaction-layer.ts';
import { systemDns } from '../transport/resolve.ts';
import { Trunk } from './trunk.ts';

async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

/** A trunk at 10.0.0.9 whose carrier is this test. */
async function started(settings: Record<string, unknown>) {
  const clock = new TestClock();
  const flow = notedFlow();
  const node = new MemoryNetwork(clock, () => 1, 0).node('10.0.0.1');
  const transactions = new TransactionLayer({
    clock,
    limit: 100,
    sentBy: () => '10.0.0.1:5060',
    responseFlow: (back) => back,
    screen: () => undefined,
    request: () => {},
    ack: () => {},
  });
  const trunk = new Trunk({
    settings: TrunkSettings.parse({ name: 'carrier', host: '10.0.0.9', optionsEvery: 0, ...settings }),
    account: { user: '0501', password: new Secret('pw') },
    domain: 'tonegate.local',
    clock,
    logger: silentLogger,
    transactions,
    routing: new Routing(SipSettings.parse({ bind: '10.0.0.1' }), { ...node, connect: () => flow }, systemDns, clock),
  });
  trunk.start();
  await settle();
  return {
    clock,
    trunk,
    /** What the trunk has sent since it was last asked. */
    heard: () => flow.written.splice(0) as SipRequest[],
    answer: async (request: SipRequest | undefined, status: number, headers: readonly [string, string][] = []) => {
      if (!request) throw new Error('nothing to answer');
      const response = responseTo(request, status, undefined, 'carrier');
      for (const [name, value] of headers) response.headers.add(name, value);
      transactions.receive(sent(response), flow);
      await settle();
    },
    wait: async (ms: number) => {
      clock.advance(ms);
      await settle();
    },
  };
}

const REGISTER = { register: { user: '0501', passwordFile: '/nowhere', expires: 600 } };

test('a trunk that answers OPTIONS, whatever it says, is up; one that does not is down, and comes back', async () => {
  const { trunk, heard, answer, wait } = await started({ optionsEvery: 30 });
  expect(trunk.state).toBe('unknown');
  await answer(heard()[0], 404);
  expect(trunk.state).toBe('up');
  await wait(30_000);
  expect(heard().map(nameOf)).toEqual(['OPTIONS']);
  await wait(32_000);
  expect(trunk.state).toBe('down');
  heard();
  await wait(30_000);
  await answer(heard()[0], 200);
  expect(trunk.state).toBe('up');
});

test('503 to OPTIONS is a proxy saying that the carrier is away', async () => {
  const { trunk, heard, answer } = await started({ optionsEvery: 30 });
  await answer(heard()[0], 503);
  expect(trunk.state).toBe('down');
});

test('we register with our password, and again before the granted time is over, with one Call-ID and rising CSeq', async () => {
  const { trunk, heard, answer, wait } = await started(REGISTER);
  const carrier = new DigestServer({ realm: 'carrier.example', key: Buffer.alloc(32, 1) });
  const [first] = heard();
  await answer(
    first,
    401,
    carrier.challenges(0).map((value) => ['WWW-Authenticate', value]),
  );
  const [second] = heard();
  const credentials = second && carrier.credentials(second.headers, 'Authorization');
  const stored = {
    md5: ha1('MD5', '0501', 'carrier.example', 'pw'),
    sha256: ha1('SHA-256', '0501', 'carrier.example', 'pw'),
  };
  expect(credentials?.ok && carrier.verify(credentials.value, 'REGISTER', stored, 0)).toBe('right');
  await answer(second, 200, [['Contact', `${second?.headers.get('Contact')};expires=120`]]);
  expect(trunk.state).toBe('up');
  await wait(95_000);
  expect(heard()).toEqual([]);
  await wait(1000);
  const [third] = heard();
  for (const name of ['Call-ID', 'To']) expect(third?.headers.get(name)).toBe(first?.headers.get(name));
  expect([first, second, third].map((each) => each?.headers.get('CSeq'))).toEqual([
    '1 REGISTER',
    '2 REGISTER',
    '3 REGISTER',
  ]);
});

test('a registration that is refused is tried again, at intervals that double', async () => {
  const { trunk, heard, answer, wait } = await started(REGISTER);
  for (const ms of [5000, 10_000, 20_000]) {
    await answer(heard()[0], 403);
    expect(trunk.state).toBe('down');
    await wait(ms - 1);
    expect(heard()).toEqual([]);
    await wait(1);
  }
  await answer(heard()[0], 200);
  expect(trunk.state).toBe('up');
});

test('a carrier is known by its ranges, and by its host where none are given', async () => {
  const ranges = await started({ from: ['192.0.2.0/24'] });
  expect(ranges.trunk.knows(notedFlow({ remote: { ip: '192.0.2.7', port: 5060 } }))).toBe(true);
  expect(ranges.trunk.knows(notedFlow())).toBe(false);
  const host = await started({});
  expect(host.trunk.knows(notedFlow())).toBe(true);
  expect(host.trunk.knows(notedFlow({ transport: 'ws' }))).toBe(false);
});

test('numbers become URIs as the trunk writes them', async () => {
  const { trunk } = await started({ transport: 'tcp', port: 5080, numberFormat: 'e164', countryCode: '81' });
  expect(trunk.numberUri('03-1234-5678')).toBe('sip:+81312345678@10.0.0.9:5080;transport=tcp;user=phone');
  expect(trunk.fromUri('0398765432')).toBe('sip:0398765432@tonegate.local');
  const registered = await started(REGISTER);
  expect(registered.trunk.fromUri('0501')).toBe('sip:0501@10.0.0.9');
});
