import { isIP } from 'node:net';
import type { Clock } from '../shared/clock.ts';
import { parseUri } from './messages/uri.ts';
import type { SipSettings } from './settings.ts';
import { isLoopback, ownAddress } from './transport/addresses.ts';
import { type Destination, type Flow, formatHost, isWebSocket } from './transport/flow.ts';
import type { Network } from './transport/network.ts';
import { type Dns, resolve, type ResolveTarget } from './transport/resolve.ts';

/** How long an answer of DNS is kept, ms, and how many names. */
const KEPT_MS = 30_000;
const KEPT_NAMES = 1000;

/** Finds ways to URIs, and says how we call ourselves on a way. */
export class Routing {
  readonly #settings: SipSettings;
  readonly #network: Network;
  readonly #dns: Dns;
  readonly #clock: Clock;
  readonly #kept = new Map<string, { readonly at: number; readonly found: readonly Destination[] }>();

  constructor(settings: SipSettings, network: Network, dns: Dns, clock: Clock) {
    this.#settings = settings;
    this.#network = network;
    this.#dns = dns;
    this.#clock = clock;
  }

  /** Our `host:port` in Via and Contact on this flow. */
  ownHostPort(flow: Flow): string {
    const { bind, publicAddress } = this.#settings;
    const isAny = bind === '0.0.0.0' || bind === '::';
    const local = isLoopback(flow.remote.ip)
      ? flow.remote.ip.includes(':')
        ? '::1'
        : '127.0.0.1'
      : ownAddress(flow.remote.ip);
    const host = isLoopback(flow.remote.ip) && isAny ? local : (publicAddress ?? (isAny ? local : bind));
    const { udp, tcp, tls } = this.#network.ports;
    const port = flow.transport === 'udp' ? udp : flow.transport === 'tls' ? (tls ?? tcp) : tcp;
    return `${formatHost(host)}:${port}`;
  }

  /** Our Contact on this flow, as a header value. */
  contact(flow: Flow, user = 'tonegate'): string {
    const transport = flow.transport === 'udp' ? '' : `;transport=${isWebSocket(flow) ? 'ws' : flow.transport}`;
    return `<sip:${user}@${this.ownHostPort(flow)}${transport}>`;
  }

  /** Where a target is, best first; at once if no DNS is needed or its answer is known. */
  destinations(target: ResolveTarget): readonly Destination[] | Promise<readonly Destination[]> {
    const host = target.host.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0) {
      const transport = target.secure ? 'tls' : (target.transport ?? 'udp');
      return [{ transport, host, ip: host, port: target.port ?? (transport === 'tls' ? 5061 : 5060) }];
    }
    const key = `${host} ${target.port} ${target.transport} ${target.secure}`;
    const now = this.#clock.monotonic();
    const kept = this.#kept.get(key);
    if (kept && now - kept.at < KEPT_MS) return kept.found;
    return resolve(target, this.#dns).then((found) => {
      const oldest = this.#kept.keys().next().value;
      if (this.#kept.size >= KEPT_NAMES && oldest !== undefined) this.#kept.delete(oldest);
      this.#kept.set(key, { at: now, found });
      return found;
    });
  }

  /** A flow towards a sip: or sips: URI; `known` is used if it is a connection to that place. */
  flowTo(uri: string, known?: Flow): Flow | undefined | Promise<Flow | undefined> {
    const target = targetOf(uri);
    if (!target) return known;
    const found = this.destinations(target);
    return isReady(found) ? this.#flowTo(found, known) : found.then((later) => this.#flowTo(later, known));
  }

  connect(destination: Destination): Flow | Promise<Flow | undefined> {
    return this.#network.connect(destination);
  }

  #flowTo(found: readonly Destination[], known: Flow | undefined): Flow | undefined | Promise<Flow | undefined> {
    const isKnown = known?.reliable && known.alive && found.some(({ ip }) => ip === known.remote.ip);
    const [first] = found;
    return isKnown || !first ? known : this.#network.connect(first);
  }
}

/** What a URI says about where it leads; undefined if it isn't sip: or sips:. */
export function targetOf(uri: string): ResolveTarget | undefined {
  const parsed = parseUri(uri);
  if (!parsed.ok || parsed.value.scheme === 'tel') return undefined;
  const { host, port, params, scheme } = parsed.value;
  const named = params.get('transport')?.toLowerCase();
  const transport = named === 'udp' || named === 'tcp' || named === 'tls' ? named : undefined;
  return { host: params.get('maddr') ?? host, port, transport, secure: scheme === 'sips' || transport === 'tls' };
}

function isReady(found: readonly Destination[] | Promise<readonly Destination[]>): found is readonly Destination[] {
  return Array.isArray(found);
}
