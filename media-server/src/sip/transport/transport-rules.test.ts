import { expect, test } from 'vitest';
import { AddressSet, plainAddress } from './addresses.ts';
import { RateLimiter } from './rate-limiter.ts';
import { type Dns, resolve } from './resolve.ts';

const NO_DNS: Dns = {
  naptr: () => Promise.reject(new Error('none')),
  srv: () => Promise.reject(new Error('none')),
  addresses: () => Promise.reject(new Error('none')),
};

test('a source may send its burst and then so many a second; others are not held back by it', () => {
  const limiter = new RateLimiter(10);
  const taken = (source: string, now: number) =>
    Array.from({ length: 20 }, () => limiter.takes(source, now)).filter(Boolean);
  expect(taken('10.0.0.1', 0)).toHaveLength(10);
  expect(taken('10.0.0.1', 500)).toHaveLength(5);
  expect(taken('10.0.0.2', 500)).toHaveLength(10);
});

test('ranges and single addresses are known, IPv4 in IPv6 too', () => {
  const set = new AddressSet(['10.1.0.0/16', '2001:db8::/32', '192.0.2.7']);
  for (const ip of ['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::5', '192.0.2.7']) expect(set.has(ip)).toBe(true);
  for (const ip of ['10.2.0.1', '192.0.2.8', 'nonsense', '']) expect(set.has(ip)).toBe(false);
  expect(plainAddress('fe80::1%eth0')).toBe('fe80::1');
});

test('an address is taken as it is, with the port of its transport', async () => {
  expect(await resolve({ host: '[2001:db8::1]', secure: false }, NO_DNS)).toMatchObject([
    { ip: '2001:db8::1', port: 5060, transport: 'udp' },
  ]);
  expect(await resolve({ host: '10.0.0.1', transport: 'tls', secure: true }, NO_DNS)).toMatchObject([
    { port: 5061, transport: 'tls' },
  ]);
});

test('names under .invalid lead nowhere and are not asked for', async () => {
  const dns = { ...NO_DNS, addresses: () => Promise.resolve(['10.0.0.1']) };
  expect(await resolve({ host: 'abc.invalid', port: 5060, secure: false }, dns)).toEqual([]);
});

test('NAPTR chooses the transport, SRV the order of hosts and ports', async () => {
  const dns: Dns = {
    naptr: () =>
      Promise.resolve([
        { service: 'SIP+D2U', order: 20, preference: 1, replacement: '_sip._udp.carrier.example' },
        { service: 'SIP+D2T', order: 10, preference: 1, replacement: '_sip._tcp.carrier.example' },
        { service: 'E2U+email', order: 1, preference: 1, replacement: 'x' },
      ]),
    srv: (name) =>
      Promise.resolve(
        name === '_sip._tcp.carrier.example'
          ? [
              { name: 'two.carrier.example', port: 5070, priority: 2, weight: 1 },
              { name: 'one.carrier.example', port: 5060, priority: 1, weight: 1 },
            ]
          : [],
      ),
    addresses: (name) => Promise.resolve([name.startsWith('one') ? '10.0.0.1' : '10.0.0.2']),
  };
  expect(await resolve({ host: 'carrier.example', secure: false }, dns)).toEqual([
    { transport: 'tcp', host: 'carrier.example', ip: '10.0.0.1', port: 5060 },
    { transport: 'tcp', host: 'carrier.example', ip: '10.0.0.2', port: 5070 },
  ]);
});

test('without SRV the name itself is looked up; a name with a port has no SRV', async () => {
  const dns = { ...NO_DNS, addresses: () => Promise.resolve(['10.0.0.5']) };
  expect(await resolve({ host: 'carrier.example', secure: false }, dns)).toMatchObject([
    { ip: '10.0.0.5', port: 5060 },
  ]);
  expect(await resolve({ host: 'carrier.example', port: 5082, transport: 'tcp', secure: false }, dns)).toMatchObject([
    { port: 5082, transport: 'tcp' },
  ]);
  expect(await resolve({ host: 'carrier.example', secure: false }, NO_DNS)).toEqual([]);
});
