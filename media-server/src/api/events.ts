import { EventsQuery, ProblemBody } from '@tonegate/api-schema';
import { z } from 'zod';
import { personOf } from './auth.ts';
import { EventStream } from './event-stream.ts';
import type { Http } from './http.ts';
import type { ApiParts } from './parts.ts';
import { sendProblem } from './problems.ts';

/** The events WebSocket: a snapshot, then everything that changes. */
export function eventsRoute(app: Http, { calls, clock, windows }: ApiParts): void {
  app.route({
    method: 'GET',
    url: '/events',
    schema: {
      summary: 'WebSocket: a snapshot, then each change as a ServerEvent',
      querystring: EventsQuery,
      response: { 101: z.undefined().describe('The connection is a WebSocket from now on'), '4xx': ProblemBody },
    },
    handler: async (_request, reply) =>
      sendProblem(reply.header('upgrade', 'websocket'), 'bad-request', 'This is a WebSocket: ask for an upgrade.', 426),
    wsHandler: (socket, request) => {
      const { person, session } = personOf(request);
      const { window = session.id } = EventsQuery.parse(request.query);
      let unsubscribe = () => {};
      const stream = new EventStream(socket, clock, session.expiresAt, () => {
        leave();
        unsubscribe();
      });
      const leave = windows.add(person.id, { window, session: session.id, stream });
      // Nothing waits between the two, so no change falls between snapshot and events.
      const { state, calls: running } = calls.snapshot(person.id);
      stream.send({ type: 'snapshot', state, calls: running, serverTime: clock.now() });
      unsubscribe = calls.subscribe(person.id, (event) => stream.send(event));
    },
  });
}
