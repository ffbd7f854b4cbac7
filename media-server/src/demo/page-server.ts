import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import type { Logger } from '../shared/logger.ts';
import { LINES_LIMIT, type Exchange } from './exchange.ts';
import type { Line } from './line.ts';
import { FRAME_SAMPLES } from './outgoing-stream.ts';
import { readPageFile } from './page-files.ts';
import { PageMessage } from './page-messages.ts';

const HEADERS = {
  'Cache-Control': 'no-cache',
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Permissions-Policy': 'microphone=(self)',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

const FRAME_BYTES = FRAME_SAMPLES * 2;
const MESSAGE_BYTES_LIMIT = 1024;
/** Messages a page may send within a second; 50 are its microphone. */
const MESSAGES_PER_SECOND = 200;
/** Sound is left out for a page that takes none: about 4 s of it. */
const UNSENT_BYTES_LIMIT = 65_536;
const PING_MS = 15_000;

// WebSocket close codes (RFC 6455 §7.4.1).
const POLICY_VIOLATION = 1008;
const TRY_AGAIN_LATER = 1013;

export interface PageServer {
  /** Not yet listening. */
  readonly server: Server;
  /** Ends every page's phone, too. */
  close(): Promise<void>;
}

/** The phone page and its sound socket `/sound`, over plain HTTP. */
export function pageServer(exchange: Exchange, log: Logger): PageServer {
  const server = createServer((request, response) => {
    const plain = (status: number, words: string) =>
      response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain' }).end(`${words}\n`);
    if (!fromOurHost(request)) return plain(421, 'Open this page by the address of the machine.');
    if (request.method === 'POST' && pathOf(request) === '/messages') return takeText(request, response, exchange);
    if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'There is only a page to read here.');
    readPageFile(pathOf(request)).then(
      (file) => {
        if (file) response.writeHead(200, { ...HEADERS, 'Content-Type': file.type }).end(file.bytes);
        else plain(404, 'There is no such page.');
      },
      (cause: Error) => {
        log.error({ err: cause }, 'a file of the page cannot be read');
        plain(500, 'A file of this page cannot be read.');
      },
    );
    return undefined;
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  server.maxConnections = 100;

  const sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_BYTES_LIMIT, perMessageDeflate: false });
  server.on('upgrade', (request: IncomingMessage, socket, head) => {
    socket.on('error', () => {});
    if (pathOf(request) !== '/sound' || !fromOurPage(request)) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (page) => {
      serve(page, exchange, log).catch((cause: Error) => {
        log.error({ err: cause }, 'a page gets no phone');
        page.close(TRY_AGAIN_LATER, 'no phone');
      });
    });
  });
  return {
    server,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const page of sockets.clients) page.terminate();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** What the media-server's sender of one-time codes posts here instead of to a carrier. */
const TextMessage = z.object({
  id: z.string().min(1).max(64),
  to: z.string().max(20),
  text: z.string().min(1).max(70),
});

function takeText(request: IncomingMessage, response: ServerResponse, exchange: Exchange): void {
  const answer = (status: number) => response.writeHead(status, { ...HEADERS, Connection: 'close' }).end();
  // A page of another site can post here too, but not with this type unless we said so to its browser.
  if (!fromOurPage(request) || request.headers['content-type'] !== 'application/json') {
    answer(403);
    return;
  }
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => {
    text += chunk;
    if (text.length > MESSAGE_BYTES_LIMIT) request.destroy();
  });
  request.on('error', () => {});
  request.on('end', () => {
    const message = TextMessage.safeParse(parsed(text));
    if (!message.success) answer(400);
    // As a carrier says of a number that nobody has.
    else answer(exchange.deliver(message.data) ? 202 : 404);
  });
}

async function serve(page: WebSocket, exchange: Exchange, log: Logger): Promise<void> {
  let line: Line | undefined;
  let gone = false;
  let alive = true;
  let messages = 0;
  const rate = setInterval(() => {
    messages = 0;
  }, 1000);
  const ping = setInterval(() => {
    if (!alive) page.terminate();
    alive = false;
    page.ping();
  }, PING_MS);
  page.on('error', () => {});
  page.on('pong', () => {
    alive = true;
  });
  page.on('close', () => {
    gone = true;
    clearInterval(rate);
    clearInterval(ping);
    if (!line) return;
    log.info('a page left its phone');
    exchange.close(line);
  });
  page.on('message', (data: Buffer, binary: boolean) => {
    if (++messages > MESSAGES_PER_SECOND) return page.close(POLICY_VIOLATION, 'too many messages');
    if (binary) {
      if (data.length !== FRAME_BYTES) return page.close(POLICY_VIOLATION, 'sound comes in 320 bytes');
      return line?.speak(samplesOf(data));
    }
    const message = PageMessage.safeParse(parsed(data.toString()));
    if (!message.success) return page.close(POLICY_VIOLATION, 'not understood');
    return line?.take(message.data);
  });

  line = await exchange.open({
    tell: (message) => page.send(JSON.stringify(message)),
    hear: (samples) => {
      if (page.bufferedAmount < UNSENT_BYTES_LIMIT) page.send(bytesOf(samples));
    },
  });
  if (!line) return page.close(TRY_AGAIN_LATER, `all ${LINES_LIMIT} phones are taken`);
  if (gone) return exchange.close(line);
  log.info('a page got a phone');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?')[0] ?? '/';
}

/** By a name that another site's owner controls, its page could reach us through the visitor's browser (DNS rebinding). */
function fromOurHost({ headers: { host } }: IncomingMessage): boolean {
  if (host === undefined || !URL.canParse(`http://${host}`)) return false;
  const { hostname } = new URL(`http://${host}`);
  return hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
}

/** Browsers always say of a WebSocket which page opened it; what says nothing is no browser. */
function fromOurPage(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  return fromOurHost(request) && (origin === undefined || origin === `http://${host}`);
}

function samplesOf(bytes: Buffer): Int16Array {
  return Int16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(i * 2));
}

function bytesOf(samples: Int16Array): Buffer {
  const bytes = Buffer.alloc(samples.length * 2);
  samples.forEach((sample, i) => bytes.writeInt16LE(sample, i * 2));
  return bytes;
}
