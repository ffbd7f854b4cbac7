import { accessSync, constants } from 'node:fs';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';

const PACKAGES = { sipp: 'sip-tester', baresip: 'baresip-core' } as const;

/** Says which Debian package is missing, rather than letting a test fail for no visible reason. */
export function requireProgram(program: keyof typeof PACKAGES): void {
  const found = (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!found) {
    const name = PACKAGES[program];
    throw new Error(
      `This test needs ${program}: install the Debian package ${name} (apt-get install --no-install-recommends ${name}).`,
    );
  }
}

/** A UDP and TCP port of loopback that was free a moment ago, with the next `span - 1` UDP ports free too. */
export async function freePort(span = 1): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 20_000);
    let isFree = await isTcpFree(port);
    for (let i = 0; i < span && isFree; i++) isFree = await isUdpFree(port + i);
    if (isFree) return port;
  }
  throw new Error('no free port on 127.0.0.1 between 20000 and 40000');
}

function isUdpFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });
}

function isTcpFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
