import { expect, test } from 'vitest';
import { capturesPackets, type Start, traceOf, whyNotTrusted } from './hardening.ts';

const GOOD: Start = {
  execArgv: ['--disable-sigusr1', '--permission', '--allow-worker', '--allow-fs-read=/srv/--inspect'],
  environment: { PATH: '/usr/bin', NODE_COMPILE_CACHE: '/srv/compiled', NODE_ENV: 'production' },
  inspected: false,
  status: 'Name:\tnode\nTracerPid:\t0\nUid:\t990\t990\t990\t990\n',
};

test('started as the server starts it, it may hold digits', () => {
  expect(whyNotTrusted(GOOD)).toBeUndefined();
  expect(whyNotTrusted({ ...GOOD, status: undefined })).toBeUndefined();
});

test.each([
  '--inspect',
  '--inspect-brk=0',
  '--heapsnapshot-signal=SIGUSR2',
  '--heap-prof',
  '--require',
  '--import=x',
  '-r',
  '-e',
  '--env-file=x',
  '--trace-uncaught',
  '--tls-keylog=/tmp/keys',
  '--abort-on-uncaught-exception',
])('it doesn’t hold digits when started with %s', (flag) => {
  expect(whyNotTrusted({ ...GOOD, execArgv: [flag] })).toContain(flag.split('=')[0]);
});

test.each([
  ['NODE_OPTIONS', '--inspect'],
  ['NODE_DEBUG', 'http,tls'],
  ['NODE_DEBUG_NATIVE', 'crypto'],
  ['NODE_V8_COVERAGE', '/tmp/coverage'],
  ['NODE_TLS_REJECT_UNAUTHORIZED', '0'],
  ['SSLKEYLOGFILE', '/tmp/keys'],
  ['LD_PRELOAD', '/tmp/spy.so'],
] as const)('what writes down requests, keys or memory may not be set: %s', (name, value) => {
  const why = whyNotTrusted({ ...GOOD, environment: { ...GOOD.environment, [name]: value } });
  expect(why).toContain(`${name} set`);
  expect(why).toContain('unset it');
});

test('under a debugger, or with a tracer at it, it doesn’t hold digits', () => {
  expect(whyNotTrusted({ ...GOOD, inspected: true })).toContain('debugger');
  expect(whyNotTrusted({ ...GOOD, status: 'TracerPid:\t4321\n' })).toContain('process 4321 traces it');
});

test('a program that captures every packet is seen; sockets of DHCP and LLDP are none', () => {
  const table = (...protocols: string[]) =>
    [
      'sk               RefCnt Type Proto  Iface R Rmem   User   Inode',
      ...protocols.map((protocol) => `ffff9a0a 3      3    ${protocol}   2     1 0      0      30401`),
    ].join('\n');
  expect(capturesPackets(table())).toBe(false);
  expect(capturesPackets(table('0800', '88cc', '888e'))).toBe(false);
  expect(capturesPackets(table('0800', '0003'))).toBe(true);
});

test('an error is known by name and place, never by what it says', () => {
  const error = new RangeError('4242424242424242 at x (4242.ts:1:2)\n    at 4111111111111111 out of range');
  const trace = traceOf(error);
  expect(trace.name).toBe('RangeError');
  expect(trace.stack.length).toBeGreaterThan(0);
  expect(JSON.stringify(trace)).not.toMatch(/4242|4111/);
  expect(traceOf('4242')).toEqual({ name: 'string', stack: [] });
});
