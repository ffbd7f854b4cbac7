import { ProblemBody, ServerState } from '@tonegate/api-schema';
import { personOf } from './auth.ts';
import type { Http } from './http.ts';
import type { ApiParts } from './parts.ts';
import { sendProblem } from './problems.ts';

/** Whether what keeps card data in is in force: the leak canary, the card process's confinement, the scope map. */
export function stateRoutes(app: Http, { state }: Pick<ApiParts, 'state'>): void {
  app.get(
    '/state',
    {
      schema: {
        summary: 'Leak canary by trunk, confinement and scope map; supervisors and administrators',
        response: { 200: ServerState, '4xx': ProblemBody },
      },
    },
    async (request, reply) => {
      if (personOf(request).person.role === 'agent') {
        return sendProblem(reply, 'not-allowed', 'This is for supervisors and administrators.');
      }
      return reply.code(200).send(state());
    },
  );
}
