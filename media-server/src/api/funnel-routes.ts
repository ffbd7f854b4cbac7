import { Funnel, FunnelQuery, type Outcome, PaymentStep, ProblemBody } from '@tonegate/api-schema';
import { countOutcomes, countStepRows, countSteps, funnelChoices } from '../storage/funnel.ts';
import { callerOf, mayActFor, seesAll } from './auth.ts';
import type { Http } from './http.ts';
import type { ApiParts } from './parts.ts';
import { sendProblem } from './problems.ts';

/** Steps that are counted at once: about a second's work. */
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
      const filter = { from, to, merchants, language, trunk, purpose };
      if ((await countStepRows(storage, filter)) > STEPS_LIMIT) {
        return sendProblem(
          reply,
          'bad-request',
          `These are more than ${STEPS_LIMIT} steps: ask for a shorter time, or one merchant, language or trunk.`,
        );
      }
      const [steps, outcomes, choices] = await Promise.all([
        countSteps(storage, filter),
        countOutcomes(storage, filter),
        funnelChoices(storage, { from, to, merchants }),
      ]);
      const count = (outcome: Outcome) => outcomes.get(outcome) ?? 0;
      return reply.code(200).send({
        payments: [...outcomes.values()].reduce((sum, each) => sum + each, 0),
        outcomes: {
          approved: count('approved'),
          declined: count('declined'),
          cancelled: count('cancelled'),
          failed: count('failed'),
          unknown: count('unknown'),
        },
        // In the order of a payment; a step that this server doesn't know is left out.
        steps: PaymentStep.options.flatMap((step) => {
          const found = steps.find((each) => each.step === step);
          return found ? [{ ...found, step }] : [];
        }),
        ...choices,
      });
    },
  );
}
