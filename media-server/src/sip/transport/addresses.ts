import { BlockList, isIP, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** An address as it is compared and written: IPv4 mapped into IPv6 becomes IPv4, zones go. */
export function plainAddress(ip: string): string {
  const zone = ip.indexOf('%');
  const address = zone < 0 ? ip : ip.slice(0, zone);
  return address.toLowerCase().startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** A set of CIDR ranges and single addresses. */
export class AddressSet {
  readonly #list = new BlockList();

  constructor(ranges: readonly string[]) {
    for (const range of ranges) {
      const [address = '', bits] = range.split('/');
      if (isIP(address) === 0) continue;
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(bits), family);
    }
  }

  has(ip: string): boolean {
    const address = plainAddress(ip);
    return isIP(address) !== 0 && this.#list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }
}

export function isLoopback(ip: string): boolean {
  return ip === '::1' || ip.startsWith('127.');
}

/** This machine's first address that others can reach, of the family of `like`; loopback if there is none. */
export function ownAddress(like: string): string {
  const family = isIPv6(like) ? 'IPv6' : 'IPv4';
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { address, family: its, internal } of addresses ?? []) {
      if (its === family && !internal && !address.startsWith('fe80:')) return address;
    }
  }
  return family === 'IPv6' ? '::1' : '127.0.0.1';
}
