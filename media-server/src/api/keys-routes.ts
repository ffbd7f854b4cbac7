import { Id, KeyTest, ProblemBody, TrunkKeysPage } from '@tonegate/api-schema';
import { z } from 'zod';
import { verdictOf } from '../calls/trunk-verdict.ts';
import { countKeysByTrunk } from '../storage/call-keys.ts';
import { personOf } from './auth.ts';
import type { Http } from './http.ts';
import type { ApiParts } from './parts.ts';
import { sendProblem } from './problems.ts';

/** How far back the calls are looked at, ms: 30 days. */
const LOOK_BACK_MS = 30 * 86_400_000;

/** How customers' keys come in: by trunk, and in one call by a test. */
export function keysRoutes(app: Http, { calls, storage, clock }: ApiParts): void {
  app.get(
    '/trunks',
    {
      schema: {
        summary: "How the keys of each trunk's customers came in, of the last 30 days; supervisors and administrators",
        response: { 200: TrunkKeysPage, '4xx': ProblemBody },
      },
    },
    async (request, reply) => {
      const { person } = personOf(request);
      if (person.role === 'agent') {
        return sendProblem(reply, 'not-allowed', 'The trunks are for supervisors and administrators.');
      }
      const counted = await countKeysByTrunk(storage, person.organisation, clock.now() - LOOK_BACK_MS);
      return { trunks: counted.map((trunk) => ({ ...trunk, verdict: verdictOf(trunk) })) };
    },
  );

  app.post(
    '/calls/:id/key-test',
    {
      // It says what came of one press; asked again, it is another test.
      config: { idempotency: 'memory' },
      schema: {
        summary: 'Asks the customer to press 1 and says whether and how it came; takes up to 15 s',
        params: z.object({ id: Id }),
        response: { 200: KeyTest, '4xx': ProblemBody, '5xx': ProblemBody },
      },
    },
    async (request, reply) => {
      const tested = await calls.testKeys(personOf(request).person.id, request.params.id);
      if (!tested.ok) return sendProblem(reply, tested.error.code, tested.error.message);
      return reply.code(200).send(tested.value);
    },
  );
}
