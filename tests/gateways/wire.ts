import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';

export interface PeerRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
export interface PeerReply {
  readonly status: number;
  readonly body: unknown;
  readonly contentType?: string;
}

/** What goes wrong with an answer, after the request was carried out. */
export type Fault =
  | 'reset'
  | 'hang'
  | 'half'
  | 'garbage'
  | 'empty'
  | 'oversize'
  | 'redirect'
  | 'server-error'
  | 'repeats-request';

export interface Tls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** An HTTPS peer that reads whole requests and answers as it is told, or as its faults have it. */
export class Wire {
  /** Applied to what `faulty` names. */
  fault: Fault | undefined;
  /** An answer in place of the service's own to what `faulty` names; nothing is carried out. */
  script: PeerReply | undefined;
  /** Requests that were read, without their bodies. */
  readonly requests: string[] = [];
  /** The same whole, each with the service's own answer where that was asked for. */
  readonly exchanges: { readonly request: PeerRequest; readonly reply?: PeerReply }[] = [];
  /** A wrong peer: faults and scripts are not kept to. */
  readonly #wellMeaning: boolean;
  readonly #server: Server;
  readonly #hanging = new Set<TLSSocket>();

  constructor(
    tls: Tls,
    answer: (request: PeerRequest) => PeerReply | Promise<PeerReply>,
    faulty: (request: PeerRequest) => boolean,
    wellMeaning = false,
  ) {
    this.#wellMeaning = wellMeaning;
    this.#server = createServer({ cert: tls.cert, key: tls.key }, (incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      const respond = async () => {
        const url = new URL(incoming.url ?? '/', 'https://peer');
        const headers = Object.fromEntries(
          Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
        );
        const body = Buffer.concat(chunks).toString();
        const request = { method: incoming.method ?? '', path: url.pathname, query: url.searchParams, headers, body };
        this.requests.push(`${request.method} ${request.path}`);
        const hit = !this.#wellMeaning && faulty(request);
        const [script, fault] = hit ? [this.script, this.fault] : [];
        const reply = script ?? (await answer(request));
        this.exchanges.push(script ? { request } : { request, reply });
        const socket = incoming.socket as TLSSocket;
        if (fault) return this.#fail(fault, socket, reply, request);
        const { status, contentType = 'application/json' } = reply;
        response.writeHead(status, { 'content-type': contentType }).end(textOf(reply));
      };
      incoming.on('end', () => void respond());
      incoming.on('error', () => {});
    });
    this.#server.on('tlsClientError', () => {});
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#hanging) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #fail(fault: Fault, socket: TLSSocket, reply: PeerReply, { body }: PeerRequest): void {
    const whole = textOf(reply);
    const says = (status: number, text: string, more = '') =>
      socket.end(
        `HTTP/1.1 ${status} X\r\nconnection: close\r\n${more}content-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
      );
    switch (fault) {
      case 'reset':
        return void socket.destroy();
      case 'hang':
        return void this.#hanging.add(socket);
      case 'half': {
        const head = `HTTP/1.1 ${reply.status} X\r\ncontent-length: ${Buffer.byteLength(whole) + 10}\r\n\r\n`;
        return void socket.write(head + whole, () => socket.destroy());
      }
      case 'garbage':
        return void says(reply.status, '}{ &&== ');
      case 'empty':
        return void says(reply.status, '');
      case 'oversize':
        return void says(reply.status, whole + ' '.repeat(600_000));
      case 'redirect':
        return void says(307, '', 'location: /elsewhere\r\n');
      case 'server-error':
        return void says(500, '<html>no</html>');
      case 'repeats-request':
        return void says(400, JSON.stringify({ error: body, title: 'what', detail: body }));
    }
  }
}

function textOf({ body }: PeerReply): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}
