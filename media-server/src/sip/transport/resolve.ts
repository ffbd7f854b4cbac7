import { lookup, resolveNaptr, resolveSrv } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Destination } from './flow.ts';

/** What is known of a target before asking DNS. */
export interface ResolveTarget {
  /** Name or address; IPv6 with or without brackets. */
  readonly host: string;
  readonly port?: number | undefined;
  /** From the URI or the trunk's settings. */
  readonly transport?: 'udp' | 'tcp' | 'tls' | undefined;
  /** sips: only TLS will do. */
  readonly secure: boolean;
}

/** The part of DNS that is needed; each rejects where there is no answer. */
export interface Dns {
  naptr(name: string): Promise<readonly { service: string; order: number; preference: number; replacement: string }[]>;
  srv(name: string): Promise<readonly { name: string; port: number; priority: number; weight: number }[]>;
  addresses(name: string): Promise<readonly string[]>;
}

export const systemDns: Dns = {
  naptr: (name) => resolveNaptr(name),
  srv: (name) => resolveSrv(name),
  addresses: async (name) => (await lookup(name, { all: true })).map((each) => each.address),
};

/** Most destinations that one name leads to. */
const DESTINATION_LIMIT = 8;

const SERVICES = { 'SIPS+D2T': 'tls', 'SIP+D2T': 'tcp', 'SIP+D2U': 'udp' } as const;
const SRV_PREFIX = { tls: '_sips._tcp.', tcp: '_sip._tcp.', udp: '_sip._udp.' } as const;

/**
 * Where to send a request, best first (RFC 3263 §4): an address or a port is taken as it is, else NAPTR, SRV and at last
 * A and AAAA. Names under `.invalid`, as browsers write them, lead nowhere. Never rejects; empty: not found.
 */
export async function resolve(
  target: ResolveTarget,
  dns: Dns,
  random: () => number = Math.random,
): Promise<Destination[]> {
  const host = target.host.replace(/^\[|\]$/g, '').toLowerCase();
  if (host === 'invalid' || host.endsWith('.invalid')) return [];
  const transport = target.secure ? 'tls' : (target.transport ?? 'udp');
  if (isIP(host) !== 0) return [{ transport, host, ip: host, port: target.port ?? defaultPort(transport) }];
  if (target.port !== undefined) return hosts(host, target.port, transport, dns);
  const services = target.transport || target.secure ? [] : await naptr(host, dns);
  if (services.length === 0) services.push({ transport, name: SRV_PREFIX[transport] + host });
  const found: Destination[] = [];
  for (const service of services) {
    const records = await dns.srv(service.name).catch(() => []);
    for (const { name, port } of bySrvOrder(records, random)) {
      if (found.length < DESTINATION_LIMIT) found.push(...(await hosts(name, port, service.transport, dns, host)));
    }
  }
  if (found.length === 0) found.push(...(await hosts(host, defaultPort(transport), transport, dns)));
  return found.slice(0, DESTINATION_LIMIT);
}

function defaultPort(transport: 'udp' | 'tcp' | 'tls'): number {
  return transport === 'tls' ? 5061 : 5060;
}

async function naptr(host: string, dns: Dns): Promise<{ transport: 'udp' | 'tcp' | 'tls'; name: string }[]> {
  const records = await dns.naptr(host).catch(() => []);
  const known = [...records].sort((a, b) => a.order - b.order || a.preference - b.preference);
  return known.flatMap(({ service, replacement }) => {
    const transport = SERVICES[service.toUpperCase() as keyof typeof SERVICES];
    return transport ? [{ transport, name: replacement }] : [];
  });
}

/** Lowest priority first, within one by weight (RFC 2782). */
function bySrvOrder<T extends { priority: number; weight: number }>(records: readonly T[], random: () => number): T[] {
  const keyed = records.map((record) => ({ record, key: random() ** (1 / Math.max(record.weight, 0.01)) }));
  return keyed.sort((a, b) => a.record.priority - b.record.priority || b.key - a.key).map(({ record }) => record);
}

/** `certified`: the name a certificate has to show, which is the one asked for, not SRV's (RFC 5922 §4). */
async function hosts(
  name: string,
  port: number,
  transport: 'udp' | 'tcp' | 'tls',
  dns: Dns,
  certified = name,
): Promise<Destination[]> {
  if (isIP(name) !== 0) return [{ transport, host: certified, ip: name, port }];
  const addresses = await dns.addresses(name).catch(() => []);
  return addresses.slice(0, DESTINATION_LIMIT).map((ip) => ({ transport, host: certified, ip, port }));
}
