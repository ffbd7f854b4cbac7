import { DoMoney, Id, Payment, ProblemBody } from '@tonegate/api-schema';
import { z } from 'zod';
import { writeAudit } from '../storage/audit.ts';
import { actorOf, callerOf } from './auth.ts';
import type { Http } from './http.ts';
import type { ApiParts } from './parts.ts';
import { sendProblem } from './problems.ts';

/** What is done with the money of an earlier payment. */
export function moneyRoutes(app: Http, { calls, storage, clock }: ApiParts): void {
  app.post(
    '/payments/:id/money',
    {
      config: { who: 'person-or-key' },
      schema: {
        summary: 'Captures, voids or refunds an earlier payment, in whole or in part',
        description:
          'Answers with the action, a payment of its own. Its outcome may not be known yet: then read it again, and do nothing twice.',
        params: z.object({ id: Id }),
        body: DoMoney,
        response: { 201: Payment, '4xx': ProblemBody, '5xx': ProblemBody },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const payment = await calls.money(caller.who, request.params.id, request.body);
      if (!payment.ok) return sendProblem(reply, payment.error.code, payment.error.message);
      const { id, merchant, about, purpose, order, outcome } = payment.value;
      await writeAudit(
        storage,
        {
          ...actorOf(caller),
          action: `payment-${purpose}`,
          merchant,
          subject: id,
          detail: {
            about: about ?? '',
            amountMinor: order.amountMinor,
            currency: order.currency,
            outcome: outcome ?? 'none yet',
          },
        },
        clock.now(),
      );
      return reply.code(201).send(payment.value);
    },
  );
}
