import type { ServerEvent } from '@tonegate/api-schema';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type EventSocket, Events } from './events.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class FakeSocket {
  onmessage: ((message: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;
  close(): void {
    this.closed = true;
  }
}

function watch(mayConnect = true) {
  const sockets: FakeSocket[] = [];
  const received: ServerEvent['type'][] = [];
  const connected: boolean[] = [];
  const events = new Events({
    connect: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket as unknown as EventSocket;
    },
    event: (event) => received.push(event.type),
    connected: (is) => connected.push(is),
    mayConnect: async () => mayConnect,
  });
  return { events, sockets, received, connected };
}

test('a lost connection is sought again, and again', async () => {
  const { sockets, connected } = watch();
  sockets[0]?.onmessage?.({ data: '{"type":"draining"}' });
  sockets[0]?.onclose?.();
  await vi.advanceTimersByTimeAsync(400);
  expect(sockets).toHaveLength(2);
  sockets[1]?.onclose?.();
  await vi.advanceTimersByTimeAsync(700);
  expect(sockets).toHaveLength(3);
  expect(connected).toEqual([true, false, false]);
});

test('it ends when the session has ended', async () => {
  const { sockets } = watch(false);
  sockets[0]?.onclose?.();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sockets).toHaveLength(1);
});

test('a network that is back is used at once', async () => {
  const { events, sockets } = watch();
  for (let loss = 0; loss < 8; loss += 1) {
    sockets.at(-1)?.onclose?.();
    if (loss < 7) await vi.advanceTimersByTimeAsync(20_000);
  }
  const before = sockets.length;
  events.hurry();
  await vi.advanceTimersByTimeAsync(0);
  expect(sockets).toHaveLength(before + 1);
});

test('an event that this page doesn’t know is passed over, the next one counts', () => {
  const { sockets, received } = watch();
  sockets[0]?.onmessage?.({ data: '{"type":"from-the-future"}' });
  sockets[0]?.onmessage?.({ data: '{"type":"draining"}' });
  expect(received).toEqual(['draining']);
});

test('after stop nothing comes any more', async () => {
  const { events, sockets, received } = watch();
  events.stop();
  expect(sockets[0]?.closed).toBe(true);
  sockets[0]?.onmessage?.({ data: '{"type":"draining"}' });
  sockets[0]?.onclose?.();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([sockets.length, received]).toEqual([1, []]);
});
