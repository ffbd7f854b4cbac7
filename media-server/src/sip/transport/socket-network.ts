import { connect as connectTcp, createServer, isIP, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import type { WebSocket } from 'ws';
import type { Clock } from '../../shared/clock.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { SipSettings } from '../settings.ts';
import { Connection } from './connection.ts';
import type { Destination, Endpoint, Flow } from './flow.ts';
import type { ListenProblem, Network, NetworkHandlers } from './network.ts';
import { UdpTransport } from './udp-transport.ts';
import { WebSocketFlow } from './websocket-flow.ts';

/** Certificate and key in PEM; `ca` are further authorities that trunks' certificates may come from. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca?: readonly string[];
}

export interface SocketNetworkOptions {
  readonly settings: SipSettings;
  readonly clock: Clock;
  readonly tls?: TlsFiles | undefined;
}

/** How long a connection to a far side may take to come up, ms. */
/** A TLS handshake that takes longer is cut, ms. */
const HANDSHAKE_MS = 10_000;
const CONNECT_MS = 5000;

/** UDP, TCP and TLS by Node's own sockets, and WebSockets that an HTTP server hands in. */
export class SocketNetwork implements Network {
  readonly #options: SocketNetworkOptions;
  readonly #connections = new Set<Connection | WebSocketFlow>();
  readonly #connecting = new Map<string, Promise<Flow | undefined>>();
  #tls: TlsFiles | undefined;
  #handlers: NetworkHandlers | undefined;
  #udp: UdpTransport | undefined;
  #tcpServer: Server | undefined;
  #tlsServer: TlsServer | undefined;

  constructor(options: SocketNetworkOptions) {
    this.#options = options;
    this.#tls = options.tls;
  }

  /** The bound ports, once open. */
  get ports(): { readonly udp: number; readonly tcp: number; readonly tls: number | undefined } {
    return { udp: this.#udp?.local.port ?? 0, tcp: portOf(this.#tcpServer) ?? 0, tls: portOf(this.#tlsServer) };
  }

  async open(handlers: NetworkHandlers): Promise<Result<void, ListenProblem>> {
    const { bind, udpPort, tcpPort, tlsPort } = this.#options.settings;
    this.#handlers = handlers;
    let setting = `udpPort ${udpPort}`;
    try {
      this.#udp = await UdpTransport.open(bind, udpPort, (bytes, flow) => handlers.received(bytes, flow, 'datagram'));
      setting = `tcpPort ${tcpPort}`;
      this.#tcpServer = createServer((socket) => this.#accept(socket, 'tcp'));
      await listen(this.#tcpServer, bind, tcpPort);
      if (!this.#tls) return ok(undefined);
      setting = `tlsPort ${tlsPort}`;
      const { cert, key } = this.#tls;
      this.#tlsServer = createTlsServer({ cert, key, handshakeTimeout: HANDSHAKE_MS }, (socket) =>
        this.#accept(socket, 'tls'),
      );
      this.#tlsServer.maxConnections = this.#options.settings.limits.connections;
      // A handshake that fails is the far side's affair; its socket is gone by now.
      this.#tlsServer.on('tlsClientError', () => {});
      await listen(this.#tlsServer, bind, tlsPort);
      return ok(undefined);
    } catch (error) {
      await this.close();
      return err(listenProblem(error, setting, bind));
    }
  }

  /** New connections get this certificate; running ones keep theirs. */
  reloadTls(tls: TlsFiles): Result<void, ListenProblem> {
    try {
      this.#tlsServer?.setSecureContext({ cert: tls.cert, key: tls.key });
    } catch (error) {
      return err(listenProblem(error, 'certificate', this.#options.settings.bind));
    }
    this.#tls = tls;
    return ok(undefined);
  }

  acceptWebSocket(socket: WebSocket, remote: Endpoint & { readonly secure: boolean }): void {
    const handlers = this.#handlers;
    if (!handlers || this.#isFull() || this.#hasTooMany(remote.ip)) {
      socket.close(1013);
      return;
    }
    const { clock, settings } = this.#options;
    const flow = new WebSocketFlow(socket, remote, {
      local: { ip: settings.bind, port: portOf(this.#tcpServer) ?? 0 },
      messageBytes: settings.limits.messageBytes,
      clock,
      handlers,
      closed: (closed) => this.#connections.delete(closed),
    });
    this.#connections.add(flow);
  }

  connect(destination: Destination): Flow | Promise<Flow | undefined> {
    if (destination.transport === 'udp') {
      return this.#udp?.flow({ ip: destination.ip, port: destination.port }) ?? Promise.resolve(undefined);
    }
    for (const connection of this.#connections) {
      const { remote } = connection;
      const isThere = remote.ip === destination.ip && remote.port === destination.port;
      if (connection.alive && connection.transport === destination.transport && isThere) return connection;
    }
    const key = `${destination.transport} ${destination.ip} ${destination.port}`;
    const running = this.#connecting.get(key);
    if (running) return running;
    const connecting = this.#connectNew(destination).finally(() => this.#connecting.delete(key));
    this.#connecting.set(key, connecting);
    return connecting;
  }

  async close(): Promise<void> {
    const servers = [this.#tcpServer, this.#tlsServer];
    for (const connection of this.#connections) connection.close();
    await Promise.all(
      servers.map((server) => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()))),
    );
    await this.#udp?.close();
  }

  #connectNew(destination: Destination): Promise<Flow | undefined> {
    if (this.#isFull()) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const { ip, port, host, transport } = destination;
      const ca = this.#tls?.ca;
      const socket: Socket =
        transport === 'tls'
          ? connectTls({ host: ip, port, ...(isIP(host) === 0 && { servername: host }), ...(ca && { ca: [...ca] }) })
          : connectTcp({ host: ip, port });
      const giveUp = (): void => {
        socket.destroy();
        resolve(undefined);
      };
      const cancel = this.#options.clock.after(CONNECT_MS, giveUp);
      socket.once('error', giveUp);
      socket.once(transport === 'tls' ? 'secureConnect' : 'connect', () => {
        cancel();
        socket.off('error', giveUp);
        resolve(this.#adopt(socket, transport === 'tls' ? 'tls' : 'tcp'));
      });
      socket.once('close', cancel);
    });
  }

  #accept(socket: Socket, transport: 'tcp' | 'tls'): void {
    if (this.#isFull() || this.#hasTooMany(socket.remoteAddress ?? '')) socket.destroy();
    else this.#adopt(socket, transport);
  }

  #adopt(socket: Socket, transport: 'tcp' | 'tls'): Connection | undefined {
    if (!this.#handlers) return undefined;
    const connection = new Connection(socket, transport, this.#options.settings.limits, this.#handlers, (closed) =>
      this.#connections.delete(closed),
    );
    this.#connections.add(connection);
    return connection;
  }

  /** Loopback is a reverse proxy's: it stands for all who come through it. */
  #hasTooMany(ip: string): boolean {
    if (ip === '::1' || ip.startsWith('127.') || ip.startsWith('::ffff:127.')) return false;
    let count = 0;
    for (const { remote } of this.#connections) if (remote.ip === ip) count++;
    return count >= this.#options.settings.limits.connectionsPerSource;
  }

  #isFull(): boolean {
    return this.#connections.size >= this.#options.settings.limits.connections;
  }
}

function portOf(server: Server | undefined): number | undefined {
  const address = server?.address();
  return typeof address === 'object' && address ? address.port : undefined;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      server.on('error', () => {});
      resolve();
    });
  });
}

function listenProblem(error: unknown, setting: string, bind: string): ListenProblem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'EADDRINUSE') {
    return {
      code: 'port-in-use',
      message: `SIP can't listen: sip.${setting} on ${bind} is in use by another program. Choose another port, or stop that program.`,
    };
  }
  if (setting === 'certificate' || code.startsWith('ERR_OSSL') || code.startsWith('ERR_TLS')) {
    return {
      code: 'bad-certificate',
      message: `The SIP certificate or its key can't be used (${code}). Give matching PEM files.`,
    };
  }
  return {
    code: 'cannot-listen',
    message: `SIP can't listen with sip.${setting} on ${bind}: ${code || String(error)}.`,
  };
}
