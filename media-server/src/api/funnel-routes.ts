import { Funnel, FunnelQuery, ProblemBody } from '@tonegate/api-schema';
import { FunnelTally } from '../calls/funnel-tally.ts';
import { countSteps, stepPages } from '../storage/funnel.ts';
import { callerOf, mayActFor, seesAll } from './auth.ts';
import type { Http } from './http.ts';
import type { ApiParts } from './parts.ts';
import { sendProblem } from './problems.ts';

/** Steps that are counted for one question: some 60,000 payments, about a second's work in many small parts. */
const STEPS_LIMIT = 300_000;

/** Where customers leave a payment; without any card data. */
export function funnelRoutes(app: Http, { storage }: ApiParts): void {
  app.get(
    '/funnel',
    {
      config: { who: 'person-or-key' },
      schema: {
        summary: 'How many customers reached, finished and left each step of a payment',
        querystring: FunnelQuery,
        response: { 200: Funnel, '4xx': ProblemBody, '5xx': ProblemBody },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      if (!seesAll(caller)) {
        return sendProblem(reply, 'not-allowed', 'This is for supervisors, administrators and API keys.');
      }
      const { from, to, merchant, language, trunk, purpose } = request.query;
      if (merchant !== undefined && !mayActFor(caller, merchant)) {
        return sendProblem(reply, 'not-found', 'There is no such merchant, or it is not yours.');
      }
      if (from >= to) return sendProblem(reply, 'bad-request', 'from must lie before to.');
      const merchants = merchant === undefined ? caller.who.merchants : [merchant];
      const wanted = { from, to, merchants };
      if ((await countSteps(storage, wanted, STEPS_LIMIT + 1)) > STEPS_LIMIT) {
        return sendProblem(
          reply,
          'bad-request',
          `These are more than ${STEPS_LIMIT} steps: ask for a shorter time or for one merchant.`,
        );
      }
      const tally = new FunnelTally({ language, trunk, purpose });
      for await (const page of stepPages(storage, wanted)) for (const row of page) tally.add(row);
      return reply.code(200).send(tally.result());
    },
  );
}
