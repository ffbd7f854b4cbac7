import { expect, test } from 'vitest';
import { serverAddress } from './server-address.ts';
import { numberInArguments, numberOfTelLink } from './tel-link.ts';

test('the server comes from the arguments before the environment', () => {
  const found = serverAddress(['--server=https://a.example:8443'], 'https://b.example');
  expect('url' in found && found.url.href).toBe('https://a.example:8443/');
  expect(serverAddress([], 'http://localhost:8080')).toHaveProperty('url');
});

test('a missing, unreadable or unsafe address is refused with what to do', () => {
  expect(serverAddress([], undefined)).toEqual({
    problem: 'No server is set. Start with --server=https://… or set TONEGATE_URL.',
  });
  expect(serverAddress(['--server=nowhere'], undefined)).toMatchObject({ problem: expect.stringContaining('nowhere') });
  expect(serverAddress(['--server=http://a.example'], undefined)).toMatchObject({
    problem: expect.stringContaining('https://'),
  });
  expect(serverAddress(['--server=file:///etc/passwd'], undefined)).toHaveProperty('problem');
});

test('a tel: link gives its number without parameters, and nothing that is none', () => {
  expect(numberOfTelLink('tel:+81-3-1234-5678;phone-context=example.com')).toBe('+81-3-1234-5678');
  expect(numberOfTelLink('TEL:03%201234%205678')).toBe('03 1234 5678');
  for (const link of ['tel:', 'tel:abc', 'tel:%', 'sip:0312345678', 'tel:<script>1', `tel:${'1'.repeat(33)}`]) {
    expect(numberOfTelLink(link), link).toBeUndefined();
  }
  expect(numberInArguments(['electron', '.', 'tel:110', 'tel:119'])).toBe('110');
});
