import { Id, ManualPage, Payment, ProblemBody, ResolveManual } from '@tonegate/api-schema';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { writeAudit } from '../storage/audit.ts';
import { actorOf, personOf } from './auth.ts';
import type { Http } from './http.ts';
import type { ApiParts } from './parts.ts';
import { sendProblem } from './problems.ts';

/** The operator's list: requests to a payment service of which only its own books say what became. */
export function manualRoutes(app: Http, { calls, storage, clock }: ApiParts): void {
  app.get(
    '/manual',
    {
      schema: {
        summary: 'Payments that look-ups could not settle, for administrators',
        response: { 200: ManualPage, '4xx': ProblemBody, '5xx': ProblemBody },
      },
    },
    async (request, reply) => {
      const caller = personOf(request);
      if (caller.person.role !== 'administrator') return forAdministrators(reply);
      const listed = await calls.manual(caller.who);
      if (!listed.ok) return sendProblem(reply, listed.error.code, listed.error.message);
      return reply.code(200).send(listed.value);
    },
  );

  app.post(
    '/manual/:id/resolve',
    {
      schema: {
        summary: "What became of one, as the payment service's own books say",
        params: z.object({ id: Id }),
        body: ResolveManual,
        response: { 200: Payment, '4xx': ProblemBody, '5xx': ProblemBody },
      },
    },
    async (request, reply) => {
      const caller = personOf(request);
      if (caller.person.role !== 'administrator') return forAdministrators(reply);
      const { as } = request.body;
      const payment = await calls.resolveManual(caller.who, request.params.id, as);
      if (!payment.ok) return sendProblem(reply, payment.error.code, payment.error.message);
      const { id, merchant } = payment.value;
      await writeAudit(
        storage,
        { ...actorOf(caller), action: 'payment-resolve', merchant, subject: id, detail: { as } },
        clock.now(),
      );
      return reply.code(200).send(payment.value);
    },
  );
}

function forAdministrators(reply: FastifyReply) {
  return sendProblem(reply, 'not-allowed', 'This is for administrators.');
}
