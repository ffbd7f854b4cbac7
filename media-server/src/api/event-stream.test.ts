import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { TestClock } from '../shared/clock.ts';
import { CLOSE, EventStream, PING_MS, SEND_LIMIT } from './event-stream.ts';
import { TRIES, LOCK_MS, SignInGuard } from './sign-in-guard.ts';

class FakeSocket extends EventEmitter {
  readyState = 1 as const;
  bufferedAmount = 0;
  readonly did: unknown[][] = [];
  send(data: string) {
    this.did.push(['send', JSON.parse(data).type]);
  }
  ping() {
    this.did.push(['ping']);
  }
  close(code: number) {
    this.did.push(['close', code]);
  }
  terminate() {
    this.did.push(['terminate']);
    this.emit('close');
  }
}

function open(expiresAt = Number.POSITIVE_INFINITY) {
  const clock = new TestClock();
  const socket = new FakeSocket();
  const ended: true[] = [];
  const stream = new EventStream(
    socket as unknown as ConstructorParameters<typeof EventStream>[0],
    clock,
    clock.now() + expiresAt,
    () => void ended.push(true),
  );
  return { clock, socket, stream, ended };
}

test('a window that is too slow is closed with 1013 and cut if it does not even take that', () => {
  const { clock, socket, stream, ended } = open();
  stream.send({ type: 'draining' });
  expect(ended).toEqual([]);
  socket.bufferedAmount = SEND_LIMIT + 1;
  stream.send({ type: 'draining' });
  stream.send({ type: 'draining' });
  expect(socket.did).toEqual([
    ['send', 'draining'],
    ['close', CLOSE.tooSlow],
  ]);
  expect(ended).toEqual([true]);
  clock.advance(2000);
  expect(socket.did.at(-1)).toEqual(['terminate']);
  clock.advance(10 * PING_MS);
  expect(socket.did).toHaveLength(3);
  expect(ended).toEqual([true]);
});

test('a window that answers no ping is cut after 15 more seconds', () => {
  const { clock, socket, ended } = open();
  clock.advance(PING_MS);
  socket.emit('pong');
  clock.advance(PING_MS);
  expect(socket.did).toEqual([['ping'], ['ping']]);
  clock.advance(PING_MS);
  expect(socket.did.at(-1)).toEqual(['terminate']);
  expect(ended).toEqual([true]);
});

test('a window does not outlive its session', () => {
  const { clock, socket } = open(PING_MS);
  clock.advance(PING_MS);
  expect(socket.did).toEqual([['close', CLOSE.signedOut]]);
});

test('the lock is per name and address, ends by itself, and a right password takes the tries back', () => {
  const guard = new SignInGuard();
  const fail = (now: number, ip = '::1', name = 'Hanako') => guard.take(name, ip, now);
  for (let i = 0; i < TRIES - 1; i++) expect(fail(i)).toBe(0);
  guard.succeeded('hanako', '::1');
  for (let i = 0; i < TRIES; i++) expect(fail(100)).toBe(0);
  expect(fail(101, '::1', 'hanako')).toBe(LOCK_MS - 1);
  expect(fail(101, '::2')).toBe(0);
  expect(fail(101, '::1', 'taro')).toBe(0);
  expect(fail(100 + LOCK_MS)).toBe(0);
});

test('names and addresses without end fill no memory', () => {
  const guard = new SignInGuard();
  for (let i = 0; i < TRIES; i++) guard.take('first', '::1', 0);
  for (let i = 0; i < 10_000; i++) guard.take(`n${i}`, '::1', 0);
  // The oldest had to go.
  expect(guard.take('first', '::1', 0)).toBe(0);
});
