import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { startAnsweringServer } from './peers/answering-server.ts';
import { mutants } from './peers/mutants.ts';
import { runSipp } from './peers/sipp.ts';

const DATAGRAMS = 100_000;
const SOURCES = 8;
/** Datagrams sent at once. */
const BURST = 50;
const CALLS = 20;

async function sender(address: string): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', () => {});
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}

test('100,000 mutated datagrams while valid calls run: no crash, and every call succeeds', {
  timeout: 180_000,
}, async () => {
  const server = await startAnsweringServer({
    answerMs: 100,
    // The carrier is not held to the rate of strangers, and the strangers get as far as the parser.
    settings: { trunks: [{ name: 'carrier', host: '127.0.0.1', optionsEvery: 0 }] },
    policy: { allowAnonymous: () => false },
  });
  const port = server.server.ports.udp;
  const calls = runSipp('carrier-in', {
    remote: `127.0.0.1:${port}`,
    calls: CALLS,
    rate: 2,
    timeout: 120,
    values: { MS: 1500 },
  });
  const next = mutants(20_261);
  const sockets = await Promise.all(Array.from({ length: SOURCES }, (_, i) => sender(`127.0.0.${i + 2}`)));
  try {
    for (let sent = 0; sent < DATAGRAMS; ) {
      const burst: Promise<unknown>[] = [];
      for (let i = 0; i < BURST && sent < DATAGRAMS; i++, sent++) {
        const socket = sockets[sent % SOURCES];
        const bytes = next();
        burst.push(new Promise((resolve) => socket?.send(bytes, port, '127.0.0.1', resolve)));
      }
      await Promise.all(burst);
      // As fast as the server takes them: what the kernel drops would prove nothing.
      for (let turns = 0; server.server.counts.received < sent && turns < 100; turns++) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const outcome = await calls;
    expect(outcome, outcome.errors).toMatchObject({ code: 0, ok: CALLS, failed: 0 });
    const { received, limited, unreadable } = server.server.counts;
    expect(received).toBeGreaterThan(DATAGRAMS * 0.99);
    expect(limited).toBe(0);
    expect(unreadable).toBeGreaterThan(DATAGRAMS / 10);
    const taken = server.calls.filter((call) => call.leg.peer.kind === 'trunk');
    expect(taken).toHaveLength(CALLS);
    expect(server.calls).toHaveLength(CALLS);
  } finally {
    for (const socket of sockets) socket.close();
    await server.close();
  }
});
