import { expect, test } from 'vitest';
import { announcedAddress, mediaAddresses } from './server-addresses.ts';
import { ownAddresses, Settings } from './settings.ts';

const settings = (media: object = {}, trunks: object[] = []) => Settings.parse({ media, sip: { trunks } });
const trunk = (over: object = {}) => ({ name: 'carrier', host: '192.0.2.1', transport: 'udp', ...over });

test('a peer is told the address that it reaches us by: its trunk’s, the card host’s, loopback, the public one, the bound one, our first', () => {
  const announced = '203.0.113.7';
  const own = settings({ announced }, [trunk({ mediaAddress: '198.51.100.9' })]);
  expect(announcedAddress(own, '198.51.100.1', '192.0.2.1', 'carrier')).toBe('198.51.100.9');
  const plain = settings({ announced }, [trunk()]);
  expect(announcedAddress(plain, '198.51.100.1', '192.0.2.1', 'carrier')).toBe('198.51.100.1');
  expect(announcedAddress(plain, undefined, '192.0.2.1', 'carrier')).toBe(announced);
  expect(announcedAddress(plain, undefined, '127.0.0.1', undefined)).toBe('127.0.0.1');
  expect(announcedAddress(plain, undefined, '::1', undefined)).toBe('::1');
  expect(announcedAddress(settings({ bind: '192.0.2.8' }), undefined, '192.0.2.50', undefined)).toBe('192.0.2.8');
  expect(announcedAddress(settings(), undefined, '192.0.2.50', undefined)).toBe(ownAddresses()[0] ?? '127.0.0.1');
});

test('agents on this machine are given loopback as it is, all others the public address', () => {
  const announced = '203.0.113.7';
  expect(mediaAddresses(settings({ announced, listen: ['127.0.0.1', '192.0.2.8'] }))).toEqual([
    { ip: '127.0.0.1' },
    { ip: '192.0.2.8', announced },
  ]);
});
