import { AskAgain, GiveHint, Id, Payment, ProblemBody, type ProblemCode, SetGentle } from '@tonegate/api-schema';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Problem, Result } from '../shared/result.ts';
import { callerOf } from './auth.ts';
import type { Http } from './http.ts';
import type { ApiParts } from './parts.ts';
import { sendProblem } from './problems.ts';

const params = z.object({ id: Id });
const response = { 200: Payment, '4xx': ProblemBody, '5xx': ProblemBody };
const config = { who: 'person-or-key' } as const;

/** What an agent does for a customer who keys: not audited, for it changes nothing of the payment itself. */
export function paymentHelpRoutes(app: Http, { calls }: ApiParts): void {
  app.post(
    '/payments/:id/ask-again',
    { config, schema: { summary: 'Asks the customer one field again', params, body: AskAgain, response } },
    async (request, reply) =>
      answer(reply, await calls.askAgain(callerOf(request).who, request.params.id, request.body.field)),
  );

  app.post(
    '/payments/:id/hint',
    { config, schema: { summary: 'Speaks a ready sentence to the customer', params, body: GiveHint, response } },
    async (request, reply) =>
      answer(reply, await calls.hint(callerOf(request).who, request.params.id, request.body.hint)),
  );

  app.post(
    '/payments/:id/more-time',
    { config, schema: { summary: 'Gives the customer more time', params, response } },
    async (request, reply) => answer(reply, await calls.moreTime(callerOf(request).who, request.params.id)),
  );

  app.post(
    '/payments/:id/gentle',
    { config, schema: { summary: 'Guides the customer slower, or as usual', params, body: SetGentle, response } },
    async (request, reply) =>
      answer(reply, await calls.gentle(callerOf(request).who, request.params.id, request.body.on)),
  );
}

function answer(reply: FastifyReply, payment: Result<Payment, Problem<ProblemCode>>) {
  return payment.ok
    ? reply.code(200).send(payment.value)
    : sendProblem(reply, payment.error.code, payment.error.message);
}
