import { connect, type Socket } from 'node:net';
import {
  AnyHello,
  type CardHost,
  CONTRACT_VERSION,
  FRAME_LIMIT,
  FromCard,
  type Listener,
  type ToCard,
} from '../cde/contract.ts';
import { type Clock } from '../shared/clock.ts';
import { FrameConnection } from '../shared/frame-connection.ts';
import { dialMutualTls, HOST_PULSE, type TlsIdentity } from '../shared/mutual-tls.ts';
import { err, ok, type Result } from '../shared/result.ts';

/** Commands that may wait for the card process to read them, bytes. It reads at once, so this much means it hangs. */
const QUEUE_LIMIT = 4 * 1024 * 1024;
/** From connection to the answer to our `hello`, ms. */
const HELLO_LIMIT_MS = 5000;

/** A card process on another host. */
export interface RemoteCard extends TlsIdentity {
  readonly host: string;
  readonly port: number;
  /** A name that its certificate has to have. */
  readonly name: string;
}

/** What the card process says of itself. */
export interface CardFacts {
  readonly instance: string;
  readonly languages: readonly string[];
  readonly unconfined: readonly string[];
  /** Kind of the gateway that its settings name. */
  readonly gateway: string | undefined;
  readonly listens: readonly Listener[];
  readonly host: CardHost | undefined;
}

/** What the card process answered to our `hello`. */
export type Greeting =
  | ({ readonly kind: 'ready' } & CardFacts)
  /** It speaks another version of the contract; it takes nothing but `drain`. */
  | { readonly kind: 'other-version' }
  /** Another server is connected to it. */
  | { readonly kind: 'busy' };

export interface SessionHandlers {
  onMessage(message: FromCard): void;
  onClose(why: string): void;
}

/** A connection to a card process after the exchange of hellos. Messages that came with them wait for `listen`. */
export class Session {
  readonly greeting: Greeting;
  readonly #connection: FrameConnection<unknown>;
  readonly #waiting: FromCard[] = [];
  #handlers: SessionHandlers | undefined;
  #closed: string | undefined;

  private constructor(connection: FrameConnection<unknown>, greeting: Greeting) {
    this.#connection = connection;
    this.greeting = greeting;
  }

  /**
   * Connects and greets. Error, in a word of the system's or ours: nobody listens there, isn't who it should be, or gives
   * no answer that is a greeting.
   *
   * @param at path of a Unix socket, or another host's
   */
  static async open(at: string | RemoteCard, clock: Clock): Promise<Result<Session, string>> {
    const socket = await (typeof at === 'string' ? dial(at) : dialMutualTls(at, at));
    if (typeof socket === 'string') return err(socket);
    return new Promise((resolve) => {
      let session: Session | undefined;
      const connection = new FrameConnection<unknown>({
        socket,
        frameLimit: FRAME_LIMIT,
        queueLimit: QUEUE_LIMIT,
        ...(typeof at !== 'string' && { pulse: HOST_PULSE }),
        parse: (value) => (session ? parseMessage(value) : readGreeting(value)),
        onMessage: (message) => {
          if (session) return session.#take(message as FromCard);
          cancel();
          session = new Session(connection, message as Greeting);
          resolve(ok(session));
        },
        onClose: (why) => {
          cancel();
          if (session) session.#close(why);
          else resolve(err(why));
        },
      });
      const cancel = clock.after(HELLO_LIMIT_MS, () => connection.close('no-hello'));
      connection.send({ type: 'hello', version: CONTRACT_VERSION });
    });
  }

  listen(handlers: SessionHandlers): void {
    this.#handlers = handlers;
    for (const message of this.#waiting.splice(0)) handlers.onMessage(message);
    if (this.#closed !== undefined) handlers.onClose(this.#closed);
  }

  send(message: ToCard): boolean {
    return this.#connection.send(message);
  }

  /** Nothing more is sent; the card process decides when the connection closes. */
  end(): void {
    this.#connection.end();
  }

  close(why: string): void {
    this.#connection.close(why);
  }

  #take(message: FromCard): void {
    if (this.#handlers) this.#handlers.onMessage(message);
    else this.#waiting.push(message);
  }

  #close(why: string): void {
    this.#closed = why;
    this.#handlers?.onClose(why);
  }
}

function dial(path: string): Promise<Socket | string> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const failed = (error: NodeJS.ErrnoException) => resolve(error.code ?? 'socket-error');
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      resolve(socket);
    });
  });
}

function parseMessage(value: unknown): FromCard | undefined {
  return FromCard.safeParse(value).data;
}

function readGreeting(value: unknown): Greeting | undefined {
  const message = FromCard.safeParse(value).data;
  if (message?.type === 'hello')
    return {
      kind: 'ready',
      instance: message.instance,
      languages: message.languages,
      unconfined: message.unconfined ?? [],
      gateway: message.gateway,
      listens: message.listens ?? [],
      host: message.host,
    };
  if (message?.type === 'refused' && message.why === 'server-attached') return { kind: 'busy' };
  return AnyHello.safeParse(value).success ? { kind: 'other-version' } : undefined;
}
