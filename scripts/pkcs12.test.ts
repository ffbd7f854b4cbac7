import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, createServer, type Server } from 'node:tls';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { CARD_NAME, cardCertificates } from '../media-server/src/card-certificates.ts';
import { newPassword, pkcs12 } from './pkcs12.ts';

test('two ends that have but their bundles trust each other, and a wrong password opens nothing', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'bundles-'));
  const certificates = await cardCertificates(folder);
  const password = newPassword();
  const bundle = ({ certFile, keyFile, caFile }: (typeof certificates)['card']) => {
    const [cert, key, ca] = [certFile, keyFile, caFile].map((file) => readFileSync(file, 'utf8')) as [
      string,
      string,
      string,
    ];
    return pkcs12({ cert, key, ca, name: 'test', password });
  };
  const [pfx, clientPfx] = [bundle(certificates.card), bundle(certificates.server)];
  const ca = readFileSync(certificates.card.caFile);
  rmSync(folder, { recursive: true });
  expect(() => createServer({ pfx, passphrase: `${password}x` })).toThrow();
  const server: Server = createServer(
    { pfx, passphrase: password, ca, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' },
    (socket) => socket.end('welcome'),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const socket = connect({ host: '127.0.0.1', port, servername: CARD_NAME, pfx: clientPfx, passphrase: password, ca });
  const [welcome] = (await once(socket, 'data')) as [Buffer];
  expect(welcome.toString()).toBe('welcome');
  socket.destroy();
  server.close();
}, 60_000);
