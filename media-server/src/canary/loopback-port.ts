import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';

/** One end of a canary's RTP. */
export interface LoopbackPort {
  readonly port: number;
  send(packet: Uint8Array, to: { readonly ip: string; readonly port: number }): void;
  receive(handler: (packet: Uint8Array) => void): void;
  close(): void;
}

/** Opens a free UDP port on a local address. */
export async function openLoopbackPort(ip: string): Promise<LoopbackPort> {
  const socket = createSocket(isIPv6(ip) ? 'udp6' : 'udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, ip, () => {
      socket.off('error', reject);
      resolve();
    });
  });
  // Without a listener an ICMP error would end the process.
  socket.on('error', () => {});
  let open = true;
  return {
    port: socket.address().port,
    send: (packet, to) => {
      if (open) socket.send(packet, to.port, to.ip, () => {});
    },
    receive: (handler) => socket.on('message', (packet) => handler(packet)),
    close: () => {
      if (!open) return;
      open = false;
      socket.close();
    },
  };
}
