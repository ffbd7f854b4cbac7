import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { PageMessage, PhoneMessage } from './page-messages.ts';

type Message<T extends PhoneMessage['type']> = Extract<PhoneMessage, { type: T }>;

/** A customer's page without the page: its end of the sound socket, for tests. */
export class TestPage {
  readonly #socket: WebSocket;
  readonly #messages: PhoneMessage[] = [];
  /** Samples heard so far. */
  heard = 0;
  /** The close code; 1006 when there was no handshake. */
  readonly closed: Promise<number>;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer, binary: boolean) => {
      if (binary) this.heard += data.length / 2;
      else this.#messages.push(JSON.parse(data.toString()) as PhoneMessage);
      socket.emit('told');
    });
    // A refused handshake is told by the close that follows.
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => socket.on('close', resolve));
  }

  /** Opens a page and waits for its phone, or for the refusal. */
  static async open(port: number, headers: Record<string, string> = {}): Promise<TestPage> {
    const page = new TestPage(new WebSocket(`ws://127.0.0.1:${port}/sound`, { headers }));
    await Promise.race([page.next('hello'), page.closed]);
    return page;
  }

  send(message: PageMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  sendRaw(data: string | Buffer): void {
    this.#socket.send(data);
  }

  close(): void {
    this.#socket.terminate();
  }

  /** Takes the next message of a kind, waiting for it. */
  async next<T extends PhoneMessage['type']>(
    type: T,
    fits: (message: Message<T>) => boolean = () => true,
  ): Promise<Message<T>> {
    for (;;) {
      const at = this.#messages.findIndex((message) => message.type === type && fits(message as Message<T>));
      if (at >= 0) return this.#messages.splice(0, at + 1).at(-1) as Message<T>;
      await once(this.#socket, 'told');
    }
  }

  /** Waits for a state of the call. */
  async state(call: Message<'state'>['call']): Promise<Message<'state'>> {
    return this.next('state', (message) => message.call === call);
  }

  /** Waits until as many samples were heard. */
  async hears(samples: number): Promise<void> {
    while (this.heard < samples) await once(this.#socket, 'told');
  }
}
