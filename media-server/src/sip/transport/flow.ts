import type { TransportName } from '../leg.ts';

export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

/**
 * The way a message came, and so the way back: a connection, or for UDP our socket and the far address. Kept on every
 * transaction and dialog, because what stands in Via or Contact often can't be reached (NAT, browsers).
 */
export interface Flow {
  readonly transport: TransportName;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Whether it is a connection; false for UDP only. */
  readonly reliable: boolean;
  /** Whether it can still be written to. */
  readonly alive: boolean;
  /** Sends one whole message. Never throws; what can't be sent is lost, as in a network, and `alive` tells. */
  write(bytes: Buffer): void;
  /** Closes a connection; nothing for UDP. */
  close(): void;
}

/** Where a request is to go, resolved. */
export interface Destination extends Endpoint {
  readonly transport: 'udp' | 'tcp' | 'tls';
  /** Name to check a TLS certificate against. */
  readonly host: string;
}

export function isWebSocket(flow: Flow): boolean {
  return flow.transport === 'ws' || flow.transport === 'wss';
}

/** An IPv6 address in brackets, any other host as it is. */
export function formatHost(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
