import { type CardHost, type Listener } from './contract.ts';
import { type CardSettings } from './settings.ts';

/** All that a card process with these settings listens on, now or when there are calls. */
export function listenersOf({ remote, rtpPorts }: CardSettings): Listener[] {
  if (!remote) {
    return [
      { from: 'server', over: 'unix' },
      { from: 'customers', over: 'udp', ports: rtpPorts },
      { from: 'sfu', over: 'udp', ip: '127.0.0.1' },
    ];
  }
  const { listen, bind, sfu } = remote;
  return [
    { from: 'server', over: 'tls', ip: listen.ip, ports: { min: listen.port, max: listen.port } },
    { from: 'customers', over: 'udp', ip: bind, ports: rtpPorts },
    { from: 'sfu', over: 'udp', ip: sfu.ip, ports: sfu.ports },
  ];
}

/** Where a card process on another host is reached. */
export function hostOf({ remote }: CardSettings): { host?: CardHost } {
  if (!remote) return {};
  const { announced, bind, sfu } = remote;
  return { host: { announced, rtp: bind === '0.0.0.0' || bind === '::' ? sfu.ip : bind, sfu: sfu.ip } };
}
