import { ownAddresses, type Settings } from './settings.ts';

/** Local addresses of agents' media, each with what is announced for it. */
export function mediaAddresses(settings: Settings): { ip: string; announced?: string }[] {
  const { listen, announced } = settings.media;
  return (listen ?? ['127.0.0.1', ...ownAddresses()]).map((ip) => ({
    ip,
    // Loopback stays what it is: a browser on this machine needs no public address.
    ...(announced !== undefined && ip !== '127.0.0.1' && ip !== '::1' && { announced }),
  }));
}

/** The address written in SDP for a peer: the trunk's, another card host's, loopback for loopback, the public one, or this machine's first. */
export function announcedAddress(
  settings: Settings,
  cardHost: string | undefined,
  peer: string,
  trunkName: string | undefined,
): string {
  const trunk = settings.sip.trunks.find(({ name }) => name === trunkName);
  if (trunk?.mediaAddress !== undefined) return trunk.mediaAddress;
  if (cardHost !== undefined) return cardHost;
  const far = trunk?.host ?? peer;
  if (far === '::1') return '::1';
  if (far.startsWith('127.') || far === 'localhost') return '127.0.0.1';
  const { bind, announced } = settings.media;
  if (announced !== undefined) return announced;
  if (bind !== '0.0.0.0' && bind !== '::') return bind;
  return ownAddresses()[0] ?? '127.0.0.1';
}
