import type { FastifyInstance } from 'fastify';
import type { WebSocket } from 'ws';
import { sendProblem } from './problems.ts';
import { SIP_PATH } from './sip-credentials.ts';

/** Where a WebSocket comes from, as its connection says. */
export interface WebSocketRemote {
  readonly ip: string;
  readonly port: number;
  readonly transport: 'ws' | 'wss';
}

export type AcceptSip = (socket: WebSocket, remote: WebSocketRemote) => void;

/** SIP over WebSocket (RFC 7118): checked for its subprotocol here and handed on; SIP has its own sign-in. */
export function sipSocket(app: FastifyInstance, acceptSip: AcceptSip, tls: boolean): void {
  app.route({
    method: 'GET',
    url: SIP_PATH,
    schema: { hide: true },
    preValidation: async (request, reply) => {
      const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
      if (!offered.includes('sip')) {
        return sendProblem(reply, 'bad-request', 'This is SIP over WebSocket: ask for the subprotocol "sip".');
      }
    },
    handler: async (_request, reply) =>
      sendProblem(reply.header('upgrade', 'websocket'), 'bad-request', 'This is a WebSocket: ask for an upgrade.', 426),
    wsHandler: (socket, request) => {
      const { remoteAddress = '', remotePort = 0 } = request.raw.socket;
      acceptSip(socket, { ip: remoteAddress, port: remotePort, transport: tls ? 'wss' : 'ws' });
    },
  });
}
