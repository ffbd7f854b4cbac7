import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { dirname } from 'node:path';
import { FrameConnection } from '../shared/frame-connection.ts';
import { type Logger } from '../shared/logger.ts';
import { HOST_PULSE, isNamed, mutualTls } from '../shared/mutual-tls.ts';
import { AnyHello, CONTRACT_VERSION, FRAME_LIMIT, FromCard, ToCard } from './contract.ts';
import { type CardSettings } from './settings.ts';

/** Messages that may wait for the server to read them, bytes. A server that is this far behind hangs. */
const QUEUE_LIMIT = 4 * 1024 * 1024;
/** Connections at a time: the server, and those that are being refused. */
const CONNECTION_LIMIT = 8;
/** … where anybody on the network may try, so that strangers can't keep the server out that easily. */
const HOST_CONNECTION_LIMIT = 256;
/** From connection to `hello`, ms. */
const HELLO_LIMIT_MS = 5000;

export interface ServerLinkOptions {
  /** Path of the Unix socket. Whoever calls holds its lock: what is there already is a dead process's. */
  readonly socket: string;
  /** Where the server connects from another host, in the socket's place. */
  readonly remote?: NonNullable<CardSettings['remote']>['listen'] | undefined;
  readonly log: Logger;
  /** The answer to a server's `hello`. */
  readonly hello: () => FromCard;
  readonly onAttached: () => void;
  /** The server is gone. Resolves when the process stays; when it ends, the connection closes with it. */
  readonly onDetached: () => Promise<void>;
  readonly onCommand: (command: ToCard) => void;
}

/**
 * The card process's end of the contract: a Unix socket that only its owner can open, or TLS 1.3 that takes one name's
 * certificate of one authority; and one server on it at a time. A command that isn't in the contract closes the connection; a message that isn't never leaves.
 */
export class ServerLink {
  readonly #options: ServerLinkOptions;
  readonly #listener: Server;
  #server: FrameConnection<Arrival> | undefined;

  constructor(options: ServerLinkOptions) {
    this.#options = options;
    const { remote } = options;
    this.#listener = remote ? this.#hostListener(remote) : this.#localListener();
  }

  get attached(): boolean {
    return this.#server !== undefined;
  }

  listen(): Promise<void> {
    const { socket, remote } = this.#options;
    if (remote) {
      return new Promise((resolve, reject) => {
        this.#listener.once('error', reject);
        this.#listener.listen(remote.port, remote.ip, resolve);
      });
    }
    const folder = dirname(socket);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    rmSync(socket, { force: true });
    return new Promise((resolve, reject) => {
      this.#listener.once('error', reject);
      // Between bind and chmod the folder's mode keeps others out, and the mask does where the folder's owner changed it.
      const mask = process.umask(0o177);
      this.#listener.listen(socket, () => {
        process.umask(mask);
        chmodSync(socket, 0o600);
        resolve();
      });
    });
  }

  /** Certificate, key and authority are read anew, for connections from now on. */
  reload(): void {
    const { remote, log } = this.#options;
    if (!remote) return;
    try {
      (this.#listener as TlsServer).setSecureContext(mutualTls(remote));
      log.info('certificates read');
    } catch (error) {
      log.error({ error }, 'certificates not read: those of before are gone on with');
    }
  }

  /** Sends a message; it is lost when no server is connected: what matters stands in the ledger. */
  send(message: FromCard): void {
    const checked = FromCard.safeParse(message);
    if (checked.success) {
      this.#server?.send(checked.data);
      return;
    }
    const fields = checked.error.issues.map((issue) => issue.path.join('.'));
    this.#options.log.error({ type: message.type, fields }, 'a message that is not in the contract was kept in');
  }

  /** Takes no more servers. The one that is connected sees the process's end as the connection's. */
  stopListening(): void {
    this.#listener.close();
  }

  #localListener(): Server {
    const listener = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    listener.maxConnections = CONNECTION_LIMIT;
    return listener;
  }

  #hostListener(remote: NonNullable<ServerLinkOptions['remote']>): TlsServer {
    const { log } = this.#options;
    const listener = createTlsServer({ ...mutualTls(remote), allowHalfOpen: true }, (socket) => {
      if (isNamed(socket, remote.serverName)) {
        socket.setNoDelay(true);
        return this.#accept(socket);
      }
      log.warn({ from: socket.remoteAddress }, 'somebody connected whose certificate is not the server’s');
      socket.destroy();
    });
    listener.on('tlsClientError', (error: NodeJS.ErrnoException, { remoteAddress }) =>
      log.warn({ from: remoteAddress, why: error.code }, 'somebody connected without a certificate that counts'),
    );
    listener.maxConnections = HOST_CONNECTION_LIMIT;
    return listener;
  }

  #accept(socket: Socket): void {
    const { log, remote } = this.#options;
    let greeted = false;
    const giveUp = setTimeout(() => connection.close('no-hello'), HELLO_LIMIT_MS);
    const detached = async () => {
      if (this.#server !== connection) return;
      this.#server = undefined;
      await this.#options.onDetached();
    };
    const connection: FrameConnection<Arrival> = new FrameConnection<Arrival>({
      socket,
      frameLimit: FRAME_LIMIT,
      queueLimit: QUEUE_LIMIT,
      ...(remote && { pulse: HOST_PULSE }),
      parse: (value) => {
        if (greeted) return ToCard.safeParse(value).data;
        greeted = true;
        clearTimeout(giveUp);
        return readGreeting(value);
      },
      onMessage: (arrival) => this.#take(connection, arrival),
      onEnd: () => void detached().then(() => connection.end()),
      onClose: (why) => {
        clearTimeout(giveUp);
        if (this.#server === connection) log.warn({ why }, 'the connection to the server is lost');
        void detached();
      },
    });
  }

  #take(connection: FrameConnection<Arrival>, arrival: Arrival): void {
    const { log, hello, onAttached, onCommand } = this.#options;
    const othersServer = this.#server !== undefined && this.#server !== connection;
    if (arrival.type === 'other-version') {
      log.warn({ version: arrival.version }, 'a server of another version connected: it may only ask for the end');
      connection.send(hello());
    } else if (arrival.type === 'hello') {
      if (othersServer) {
        connection.send({ type: 'refused', command: 'hello', why: 'server-attached' });
        connection.end();
      } else if (this.#server === undefined) {
        this.#server = connection;
        connection.send(hello());
        onAttached();
      }
    } else if (this.#server === connection || (arrival.type === 'drain' && !othersServer)) {
      onCommand(arrival);
    }
  }
}

type Arrival = ToCard | { readonly type: 'other-version'; readonly version: number };

function readGreeting(value: unknown): Arrival | undefined {
  const version = AnyHello.safeParse(value).data?.version;
  if (version === undefined) return undefined;
  if (version !== CONTRACT_VERSION) return { type: 'other-version', version };
  return ToCard.safeParse(value).data;
}
