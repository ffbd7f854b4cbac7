import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

export interface RtpAddress {
  readonly ip: string;
  readonly port: number;
}

/** A phone's end of RTP: one socket for sound and keys, one that takes RTCP and leaves it unread. */
export interface RtpPort {
  readonly ip: string;
  readonly rtp: number;
  readonly rtcp: number;
  send(packet: Uint8Array, to: RtpAddress): void;
  /** Who is told of each packet and the UDP port it came from. */
  receive(handler: (packet: Uint8Array, from: number) => void): void;
  close(): void;
}

/** Opens two free ports on a local address. */
export async function openRtpPort(ip: string): Promise<RtpPort> {
  const rtp = await bound(ip);
  const rtcp = await bound(ip).catch((cause: Error) => {
    rtp.close();
    throw cause;
  });
  // Without a listener an ICMP error would end the process.
  rtp.on('error', () => {});
  rtcp.on('error', () => {});
  return {
    ip,
    rtp: rtp.address().port,
    rtcp: rtcp.address().port,
    send: (packet, to) => rtp.send(packet, to.port, to.ip, () => {}),
    receive: (handler) => rtp.on('message', (packet, from) => handler(packet, from.port)),
    close: () => {
      rtp.close();
      rtcp.close();
    },
  };
}

function bound(ip: string): Promise<Socket> {
  const socket = createSocket(isIPv6(ip) ? 'udp6' : 'udp4');
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, ip, () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
