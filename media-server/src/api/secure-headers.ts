import type { IncomingMessage } from 'node:http';
import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

/** A host as it may stand in a policy: what else a client writes into `Host` stays out of it. */
const HOST = /^[A-Za-z0-9.:[\]-]{1,255}$/;

/** What pages of this host may load, connect to and use (CSP 3), and the other headers that keep browsers careful. */
export async function secureHeaders(app: FastifyInstance, tls: boolean): Promise<void> {
  // Not every browser takes 'self' for WebSockets.
  const webSocket = (request: IncomingMessage) => {
    const host = request.headers.host ?? '';
    return HOST.test(host) ? `${tls ? 'wss' : 'ws'}://${host}` : "'self'";
  };
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        // The component library writes small style elements of its own.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        mediaSrc: ["'self'", 'blob:'],
        connectSrc: ["'self'", webSocket],
        workerSrc: ["'self'", 'blob:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    // Whether a host is only ever asked by HTTPS is for whoever owns its name; a development CA must not decide it.
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'no-referrer' },
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('permissions-policy', 'microphone=(self), speaker-selection=(self), camera=(), geolocation=()');
  });
}
