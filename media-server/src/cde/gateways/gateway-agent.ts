import { type ClientRequest, request } from 'node:http';
import { Agent, type AgentOptions, type RequestOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect } from 'node:tls';
import type { Secret } from '../../shared/secret.ts';

/** How a gateway is reached. */
export interface GatewayRoute {
  /** PEM of the only authorities that are trusted for it; without it: those that Node trusts. */
  readonly ca?: string | undefined;
  /** `http://[user:password@]host:port` of a proxy that takes CONNECT. What goes through it stays encrypted end to end. */
  readonly proxy?: Secret | undefined;
}

/** How long a proxy may take to open a way, ms: longer than any gateway is waited for. */
const TUNNEL_LIMIT_MS = 120_000;

/**
 * An HTTPS agent of a gateway. Certificates are verified whatever the environment says. Every request gets a connection
 * of its own: on a kept one nobody can tell a request that was never read from one that was carried out before the reset.
 */
export function gatewayAgent({ ca, proxy }: GatewayRoute): Agent {
  const options = {
    keepAlive: false,
    minVersion: 'TLSv1.2',
    maxCachedSessions: 0,
    rejectUnauthorized: true,
    ...(ca !== undefined && { ca }),
  } as const;
  return proxy ? new TunnelAgent(options, proxy) : new Agent(options);
}

/** Connections through an HTTP proxy's CONNECT (RFC 9110 §9.3.6). */
class TunnelAgent extends Agent {
  readonly #proxy: Secret;
  readonly #opening = new Set<ClientRequest>();

  constructor(options: AgentOptions, proxy: Secret) {
    super(options);
    this.#proxy = proxy;
  }

  override createConnection(
    options: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const done = callback as (error: Error | null, stream?: Duplex) => void;
    const { hostname, port, username, password } = new URL(this.#proxy.reveal());
    const target = `${options.host?.includes(':') ? `[${options.host}]` : options.host}:${options.port ?? 443}`;
    const user = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
    const opening = request({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port || 80,
      method: 'CONNECT',
      path: target,
      agent: false,
      timeout: TUNNEL_LIMIT_MS,
      headers: { host: target, ...(username !== '' && { 'proxy-authorization': `Basic ${user}` }) },
    });
    this.#opening.add(opening);
    opening.on('connect', (answer, socket, head) => {
      // A server speaks after the client in TLS: what comes sooner is no tunnel's.
      if (answer.statusCode === 200 && head.length === 0) {
        return done(null, connect({ ...(options as ConnectionOptions), socket }));
      }
      socket.destroy();
      done(Object.assign(new Error('the proxy refuses'), { code: `PROXY_${answer.statusCode}` }));
    });
    // An answer with a body is no tunnel.
    opening.on('response', () => opening.destroy(new Error('the proxy refuses')));
    opening.on('timeout', () => opening.destroy(new Error('the proxy is silent')));
    opening.on('error', (error) => done(error));
    opening.on('close', () => this.#opening.delete(opening));
    opening.end();
    return undefined;
  }

  override destroy(): void {
    for (const opening of this.#opening) opening.destroy(new Error('closed'));
    super.destroy();
  }
}
