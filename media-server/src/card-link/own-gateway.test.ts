import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FromCard, ToCard } from '../cde/contract.ts';
import { keyFileText, newKey, readKeyFile } from '../cde/vault/key-file.ts';
import { newId } from '../shared/ids.ts';
import { Desk, RtpPeer, TestHouse } from './test-house.ts';

/** The practice service's own key, as the house's settings have it: the merchant enters it, too. */
const KEY = 'key-of-the-test-house';
const WRONG = 'key-that-nobody-has';

let house: TestHouse;
let desk: Desk;

beforeAll(async () => {
  house = await TestHouse.build();
  desk = new Desk(house.settings);
  await desk.link.start();
});
afterAll(async () => {
  await desk.link.stop();
  await house.destroy();
});

type Of<C> = C extends { ask: string } ? Omit<C, 'ask'> : never;
/** What the card process answers. */
async function ask(command: Of<ToCard>): Promise<FromCard> {
  const from = desk.heard.length;
  const id = newId();
  desk.send({ ...command, ask: id } as ToCard);
  const find = () => desk.heard.slice(from).find((message) => 'ask' in message && message.ask === id);
  await desk.until(() => find() !== undefined);
  return find() as FromCard;
}

function provision(merchant: string, key: string, url = (house.settings.gateway as { url: string }).url) {
  const ca = readFileSync((house.settings.gateway as { caFile: string }).caFile, 'utf8');
  return ask({
    type: 'provision',
    merchant,
    gateway: { kind: 'sandbox', url, ca },
    credentials: { key },
    force: false,
  });
}

/** Every file of the house besides the practice service's, by name. */
function files(folder = house.folder): [string, string][] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): [string, string][] => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return files(path);
    return entry.isFile() && !path.endsWith('merchant.key') ? [[path, readFileSync(path, 'latin1')]] : [];
  });
}

test('the card process tries a merchant’s gateway, keeps it sealed, pays by it, and has it again after it was killed', async () => {
  const merchant = newId();
  expect(await provision(merchant, WRONG)).toMatchObject({ result: 'gateway-settings', kept: false });
  expect(await provision(merchant, KEY, 'https://127.0.0.1:1')).toMatchObject({ result: 'gateway-unreachable' });
  expect(await ask({ type: 'gateway-show', merchant })).not.toHaveProperty('own');
  expect(await provision(merchant, KEY)).toMatchObject({ type: 'provisioned', result: 'works', kept: true });
  expect(statSync(house.settings.kekFile).mode & 0o777).toBe(0o600);

  process.kill(house.pid(), 'SIGKILL');
  await desk.until(() => desk.ups.length === 2);
  expect(await ask({ type: 'gateway-show', merchant })).toMatchObject({ own: { state: 'usable', result: 'works' } });
  expect(await ask({ type: 'gateway-test', merchant })).toMatchObject({ result: 'works' });

  const [phone, sfu] = [await RtpPeer.open(0x1111), await RtpPeer.open(0x2222)];
  const leg = newId();
  desk.openLeg(leg, phone, sfu);
  phone.to((await desk.message('leg-ready', (ready) => ready.leg === leg)).rtpPort);
  const { payment } = desk.openPayment(leg, { merchant });
  await desk.message('wall', (wall) => wall.payment === payment && wall.state === 'shut');
  desk.send({ type: 'payment-begin', payment });
  await desk.pay(phone, leg, payment);
  expect(await desk.message('outcome', (of) => of.payment === payment)).toMatchObject({ outcome: 'approved' });
  phone.close();
  sfu.close();

  // Its key is rotated while it runs: Node's permissions let it read the file that was put in the old one's place.
  const [before] = readKeyFile('card.kekFile', house.settings.kekFile).keys;
  if (!before) throw new Error('no key');
  writeFileSync(house.settings.kekFile, keyFileText({ keys: [newKey(), before] }));
  expect(await ask({ type: 'gateway-keys' })).toMatchObject({ wrapped: 1, shut: 0 });
  expect(await ask({ type: 'gateway-test', merchant })).toMatchObject({ result: 'works' });

  expect(await ask({ type: 'unprovision', merchant })).toMatchObject({ type: 'unprovisioned' });
  expect(await ask({ type: 'unprovision', merchant })).toMatchObject({ type: 'refused', why: 'no-own-gateway' });
  expect(JSON.stringify(desk.heard)).not.toMatch(/key-(of|that)/);
  const found = files();
  expect(found.map(([path]) => path)).toContain(join(house.settings.ledgerFolder, 'credentials.sqlite'));
  const holding = found.filter(([, bytes]) => bytes.includes(KEY) || bytes.includes(WRONG));
  expect(holding.map(([path]) => path)).toEqual([]);
});
