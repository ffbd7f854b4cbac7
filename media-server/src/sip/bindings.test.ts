import { expect, test } from 'vitest';
import { Bindings, COME_BACK_MS, type RegisterWish } from './bindings.ts';
import { notedFlow } from './testing/requests.ts';
import type { Flow } from './transport/flow.ts';

function table(limit = 100): Bindings {
  let next = 0;
  return new Bindings(limit, () => `id-${++next}`);
}

function wish(
  flow: Flow,
  changes: Partial<RegisterWish> & { contact?: string; key?: string; seconds?: number } = {},
): RegisterWish {
  const { contact = 'sip:a@10.0.0.9', key = contact, seconds = 60 } = changes;
  return { user: '1001', contacts: [{ contact, key, seconds }], callId: 'one', cseq: 1, flow, ...changes };
}

test('a refresh keeps the id, another contact gets one of its own', () => {
  const bindings = table();
  const flow = notedFlow();
  bindings.register(wish(flow), 0);
  bindings.register(wish(flow, { cseq: 2 }), 0);
  bindings.register(wish(flow, { contact: 'sip:b@10.0.0.9', callId: 'two' }), 0);
  expect(bindings.of('1001').map(({ id }) => id)).toEqual(['id-1', 'id-2']);
});

test('the same instance on another connection replaces the dead flow', () => {
  const bindings = table();
  const [old, young] = [notedFlow({ reliable: true }), notedFlow({ reliable: true })];
  bindings.register(wish(old, { contact: 'sip:a@x.invalid', key: 'instance 1' }), 0);
  const changes = bindings.register(wish(young, { contact: 'sip:a@y.invalid', key: 'instance 1', callId: 'two' }), 0);
  expect(changes).toMatchObject({ added: [], refreshed: [{ before: old }] });
  expect(bindings.of('1001')).toMatchObject([{ id: 'id-1', flow: young, contact: 'sip:a@y.invalid' }]);
});

test('a REGISTER older than the one that made the binding is refused', () => {
  const bindings = table();
  bindings.register(wish(notedFlow(), { cseq: 5 }), 0);
  expect(bindings.register(wish(notedFlow(), { cseq: 5 }), 0)).toBe('out-of-order');
});

test('expiry, zero seconds and * remove', () => {
  const bindings = table();
  const flow = notedFlow();
  bindings.register(wish(flow), 0);
  expect(bindings.nextExpiry).toBe(60_000);
  expect(bindings.expire(59_999)).toEqual([]);
  expect(bindings.expire(60_000)).toHaveLength(1);
  bindings.register(wish(flow), 0);
  expect(bindings.register(wish(flow, { cseq: 2, seconds: 0 }), 0)).toMatchObject({ removed: [{ user: '1001' }] });
  bindings.register(wish(flow, { callId: 'two' }), 0);
  expect(bindings.register(wish(flow, { callId: 'three', contacts: '*' }), 0)).toMatchObject({
    removed: [{ user: '1001' }],
  });
  expect(bindings.of('1001')).toEqual([]);
});

test('a registration dies with its WebSocket; one over TCP or UDP lives on', () => {
  const bindings = table();
  const [ws, tcp] = [notedFlow({ transport: 'wss', reliable: true }), notedFlow({ transport: 'tcp', reliable: true })];
  bindings.register(wish(ws), 0);
  bindings.register(wish(tcp, { contact: 'sip:b@10.0.0.9', callId: 'two' }), 0);
  expect(bindings.flowLost(ws, 0)).toMatchObject([{ id: 'id-1' }]);
  expect(bindings.flowLost(tcp, 0)).toEqual([]);
  expect(bindings.of('1001')).toMatchObject([{ id: 'id-2' }]);
});

test('a browser that comes back with its instance in time gets its old id, with the flow it had', () => {
  const bindings = table();
  const browser = (): Flow => notedFlow({ transport: 'ws', reliable: true });
  const [old, young, late] = [browser(), browser(), browser()];
  bindings.register(wish(old, { key: 'instance 1' }), 0);
  bindings.flowLost(old, 1000);
  const back = bindings.register(wish(young, { key: 'instance 1', callId: 'two' }), 2000);
  expect(back).toMatchObject({ added: [{ id: 'id-1' }], refreshed: [{ before: old }] });
  bindings.flowLost(young, 3000);
  const tooLate = bindings.register(wish(late, { key: 'instance 1', callId: 'three' }), 3000 + COME_BACK_MS);
  expect(tooLate).toMatchObject({ added: [{ id: 'id-2' }], refreshed: [] });
});

test('one account has at most 16 contacts, and all together their limit', () => {
  const bindings = table(17);
  const register = (user: string, i: number) =>
    bindings.register(wish(notedFlow(), { user, contact: `sip:${i}@10.0.0.9`, callId: `${user}${i}` }), 0);
  for (let i = 0; i < 16; i++) register('1001', i);
  expect(register('1001', 16)).toBe('full');
  register('1002', 0);
  expect(register('1003', 0)).toBe('full');
});
