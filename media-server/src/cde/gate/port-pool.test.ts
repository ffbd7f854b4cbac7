import { expect, test } from 'vitest';
import { PortPool } from './port-pool.ts';

test('ports are even, have room for RTCP, and are used again as late as possible', () => {
  const pool = new PortPool({ min: 10_001, max: 10_008 });
  expect([pool.take(), pool.take()]).toEqual([10_002, 10_004]);
  pool.release(10_002);
  expect([pool.take(), pool.take(), pool.take()]).toEqual([10_006, 10_002, undefined]);
});

test('threads that share a range never share a port', () => {
  const pools = [0, 1, 2].map((index) => new PortPool({ min: 20_000, max: 20_031, share: { index, of: 3 } }));
  const ports = pools.flatMap((pool) => Array.from({ length: pool.free }, () => pool.take()));
  expect(new Set(ports).size).toBe(16);
});

test('a certain port can be taken once, and given back twice without harm', () => {
  const pool = new PortPool({ min: 30_000, max: 30_003 });
  expect(pool.takeExact(30_002)).toBe(true);
  expect(pool.takeExact(30_002)).toBe(false);
  pool.release(30_002);
  pool.release(30_002);
  expect(pool.free).toBe(2);
  expect(pool.takeExact(4000)).toBe(true);
  pool.release(4000);
  expect(pool.free).toBe(2);
});
