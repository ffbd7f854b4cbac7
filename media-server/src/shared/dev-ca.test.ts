import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type DevCertificate, devCa } from './dev-ca.ts';

const HOSTS = ['localhost', 'tonegate.example', '127.0.0.1', '::1', '192.168.1.5'];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dev-ca-'));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

const leafOf = (files: DevCertificate) => readFileSync(files.certFile, 'utf8');

test('a client that trusts the authority reaches each host, and no other', async () => {
  const files = await devCa(folder, HOSTS);
  const server: Server = createServer({ cert: leafOf(files), key: readFileSync(files.keyFile) });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const reach = (servername: string) =>
    new Promise<string>((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', ca: readFileSync(files.caFile), servername });
      socket.on('secureConnect', () => resolve('reached')).on('error', (error) => resolve(error.message));
      socket.on('secureConnect', () => socket.destroy());
    });
  expect(await reach('localhost')).toBe('reached');
  expect(await reach('tonegate.example')).toBe('reached');
  expect(await reach('elsewhere.example')).toMatch(/does not match/);
  server.close();
  const leaf = new X509Certificate(leafOf(files));
  for (const host of HOSTS) expect(leaf.checkHost(host) ?? leaf.checkIP(host)).toBeDefined();
});

test('what is still good is left as it is', async () => {
  const files = await devCa(folder, HOSTS);
  const before = [leafOf(files), readFileSync(files.caFile, 'utf8')];
  await devCa(folder, HOSTS.slice(1));
  expect([leafOf(files), readFileSync(files.caFile, 'utf8')]).toEqual(before);
});

test('a new host gets a new certificate from the same authority', async () => {
  const files = await devCa(folder, ['localhost']);
  const [leaf, ca] = [leafOf(files), readFileSync(files.caFile, 'utf8')];
  await devCa(folder, ['localhost', '10.0.0.9']);
  expect(leafOf(files)).not.toBe(leaf);
  expect(readFileSync(files.caFile, 'utf8')).toBe(ca);
});

test('a certificate is renewed before it ends, the authority stays', async () => {
  const files = await devCa(folder, ['localhost']);
  const [leaf, ca] = [leafOf(files), readFileSync(files.caFile, 'utf8')];
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 370 * 86_400_000 });
  await devCa(folder, ['localhost']);
  expect(leafOf(files)).not.toBe(leaf);
  expect(readFileSync(files.caFile, 'utf8')).toBe(ca);
});

test('a broken authority is made anew, and the certificate with it', async () => {
  const files = await devCa(folder, ['localhost']);
  writeFileSync(files.caFile, 'half a file');
  await devCa(folder, ['localhost']);
  const ca = new X509Certificate(readFileSync(files.caFile));
  expect(new X509Certificate(leafOf(files)).verify(ca.publicKey)).toBe(true);
});

test('keys are for their owner alone', async () => {
  const files = await devCa(folder, ['localhost']);
  for (const file of [files.keyFile, join(folder, 'ca.key')]) expect(statSync(file).mode & 0o777).toBe(0o600);
});
