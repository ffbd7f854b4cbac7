// The leak canary in a whole house: it finds the wall good by every transport of keys, and closes payments where a valve is
// taken out, for each of the two.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { cardPid, eventually, hearEachOther, kill, talking } from '../faults/trouble.ts';
import { House } from '../house/house.ts';

interface Health {
  readonly ok: boolean;
  readonly parts: readonly { readonly name: string; readonly ok: boolean; readonly detail?: string }[];
}

/** Both the demo's trunk and calls without one are called for. */
const TRUNKS = ['demo', ''];
const ROUND_MS = 90_000;

let house: House | undefined;

afterEach(async () => {
  await house?.close();
  house = undefined;
});

async function open(serverEntry?: string, settings: Record<string, unknown> = {}): Promise<House> {
  house = await House.open({
    settings: { canary: { everyMinutes: 1440 }, ...settings },
    ...(serverEntry !== undefined && { serverEntry: `tests/wall/valves/${serverEntry}.ts` }),
  });
  return house;
}

const ask = async (of: House, path: string) => fetch(`http://127.0.0.1:${of.stack.ports.http}${path}`);

/** The canary's line on the status page, once no trunk is unproven. */
function verdict(of: House): Promise<NonNullable<Health['parts'][number]>> {
  return eventually(
    async () => {
      const { parts } = (await (await ask(of, '/healthz')).json()) as Health;
      const part = parts.find(({ name }) => name === 'leak canary');
      return part && !part.detail?.includes('not yet open') ? part : undefined;
    },
    'the first round of the canary',
    ROUND_MS,
  );
}

test('a wall that holds is found good by every transport; payments open, and nobody’s lists have the canary’s calls', {
  timeout: 180_000,
}, async () => {
  const of = await open();
  const talk = await talking(of);
  await expect(talk.agent.startPayment(of.order())).rejects.toThrow('503 payments-closed');
  expect(await verdict(of)).toMatchObject({ ok: true, detail: 'demo: payments open, without a trunk: payments open' });
  const metrics = await (await ask(of, '/metrics')).text();
  for (const trunk of TRUNKS) {
    expect(metrics).toContain(`tonegate_canary_payments_open{trunk="${trunk}"} 1`);
    for (const transport of ['event', 'tone', 'both']) {
      expect(metrics).toContain(
        `tonegate_canary_calls_total{trunk="${trunk}",transport="${transport}",verdict="passed"} 1`,
      );
    }
  }
  expect(metrics).not.toContain('tonegate_payment_steps_total{');
  const headers = { authorization: `Bearer ${of.stack.secrets.apiKey}` };
  const base = `http://127.0.0.1:${of.stack.ports.http}`;
  const { calls } = (await (await fetch(`${base}/v1/calls`, { headers })).json()) as { calls: unknown[] };
  const { payments } = (await (await fetch(`${base}/v1/payments`, { headers })).json()) as { payments: unknown[] };
  expect([calls.length, payments.length]).toEqual([1, 0]);

  // Another card process is not proven by what was found of this one.
  await kill(cardPid(of));
  const refused = () => talk.agent.startPayment(of.order()).catch((error: Error) => error.message);
  await eventually(
    async () => JSON.stringify(await refused()).includes('503 payments-closed') || undefined,
    'payments to close',
  );
  expect(await verdict(of)).toMatchObject({ ok: true });
  await talk.agent.startPayment(of.order());
});

test('a gateway that isn’t the practice service never hears of a canary, which proves the wall all the same', {
  timeout: 180_000,
}, async () => {
  let connections = 0;
  const live = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => live.listen(0, '127.0.0.1', resolve));
  const { port } = live.address() as AddressInfo;
  const folder = mkdtempSync(path.join(tmpdir(), 'canary-'));
  const keyFile = path.join(folder, 'key');
  writeFileSync(keyFile, 'not-a-key');
  const gateway = { kind: 'stripe', url: `https://127.0.0.1:${port}`, keyFile };
  try {
    const of = await open(undefined, { gateway });
    expect(await verdict(of)).toMatchObject({ ok: true });
    expect(connections).toBe(0);
    expect(await of.stack.books()).toMatchObject({ attempts: { approved: 0, declined: 0 } });
  } finally {
    live.close();
    rmSync(folder, { recursive: true });
  }
});

async function expectFound(entry: string, why: 'gate' | 'sfu'): Promise<void> {
  const of = await open(entry);
  const part = await verdict(of);
  expect(part.ok).toBe(false);
  expect(part.detail).toContain('demo: payments closed');
  for (const transport of ['event', 'tone', 'both']) expect(part.detail).toContain(`${transport}: leak, ${why}`);
  expect((await ask(of, '/healthz')).status).toBe(503);
  expect(await (await ask(of, '/metrics')).text()).toContain('tonegate_canary_payments_open{trunk="demo"} 0');
  const talk = await talking(of);
  await expect(talk.agent.startPayment(of.order())).rejects.toThrow('503 payments-closed');
  await hearEachOther(talk);
}

test(
  'without the gate the leak is found, payments are closed and the status page says so',
  {
    timeout: 180_000,
  },
  () => expectFound('server-without-gate', 'gate'),
);

test(
  'without the SFU’s valve the leak is found, payments are closed and the status page says so',
  {
    timeout: 180_000,
  },
  () => expectFound('server-without-sfu', 'sfu'),
);
