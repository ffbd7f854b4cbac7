import { Id, Payment, PaymentPage, PaymentsQuery, ProblemBody, StartPayment } from '@tonegate/api-schema';
import { z } from 'zod';
import { paymentsOf } from '../calls/records.ts';
import { holdsCardNumber } from '../shared/card-digits.ts';
import { writeAudit } from '../storage/audit.ts';
import { acknowledgePayment, findPayment, listPayments } from '../storage/payments.ts';
import { actorOf, callerOf, seesAll } from './auth.ts';
import type { Http } from './http.ts';
import type { ApiParts } from './parts.ts';
import { sendProblem } from './problems.ts';
import { visiblePayment } from './visible-payment.ts';

const OfPayment = z.object({ id: Id });
const problems = { '4xx': ProblemBody, '5xx': ProblemBody };
/** How long an outcome that nobody has seen is still listed as one to be seen, ms. */
const UNSEEN_MS = 7 * 24 * 3600 * 1000;
const config = { who: 'person-or-key' } as const;

/** Payments: started by the agent's button or by a core system's key. */
export function paymentsRoutes(app: Http, { calls, storage, clock }: ApiParts): void {
  app.post(
    '/payments',
    {
      config,
      schema: {
        summary: 'Starts payment mode in a call: the wall shuts and the customer is guided',
        body: StartPayment,
        response: { 201: Payment, ...problems },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { reference, description = '' } = request.body.order;
      if (holdsCardNumber(reference) || holdsCardNumber(description)) {
        return sendProblem(
          reply,
          'bad-request',
          'The order text holds what may be a card number. Nothing was stored; send it without.',
        );
      }
      const payment = await calls.startPayment(caller.who, request.body);
      if (!payment.ok) return sendProblem(reply, payment.error.code, payment.error.message);
      const { id, merchant, call, purpose, order } = payment.value;
      await writeAudit(
        storage,
        {
          ...actorOf(caller),
          action: 'payment-start',
          merchant,
          subject: id,
          detail: { call, purpose, amountMinor: order.amountMinor, currency: order.currency },
        },
        clock.now(),
      );
      return reply.code(201).send(payment.value);
    },
  );

  app.get(
    '/payments',
    {
      config,
      schema: {
        summary: "Payments, newest first: an agent's own, or those of the merchants",
        querystring: PaymentsQuery,
        response: { 200: PaymentPage, ...problems },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { unsettled, state, limit, cursor } = request.query;
      const own = caller.kind === 'person' && (unsettled === 'true' || !seesAll(caller));
      const rows = await listPayments(
        storage,
        own ? { person: caller.person.id } : { merchants: caller.who.merchants },
        {
          limit: limit + 1,
          before: cursor,
          ...(unsettled === 'true' ? { state: 'unsettled', since: clock.now() - UNSEEN_MS } : { state }),
        },
      );
      const page = await paymentsOf(storage, rows.slice(0, limit));
      return {
        payments: page.map((payment) => calls.payment(payment.id) ?? payment),
        next: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
      };
    },
  );

  app.get(
    '/payments/:id',
    {
      config,
      schema: { summary: 'A payment as it is now', params: OfPayment, response: { 200: Payment, ...problems } },
    },
    async (request, reply) => {
      const payment = await visiblePayment({ calls, storage }, callerOf(request), request.params.id);
      if (!payment) return sendProblem(reply, 'not-found', 'There is no such payment.');
      return reply.code(200).send(payment);
    },
  );

  app.post(
    '/payments/:id/cancel',
    {
      config,
      schema: {
        summary: 'Stops the payment and returns to the customer; too late once the card was sent',
        params: OfPayment,
        response: { 200: Payment, ...problems },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const payment = await calls.cancelPayment(caller.who, request.params.id);
      if (!payment.ok) return sendProblem(reply, payment.error.code, payment.error.message);
      const { id, merchant } = payment.value;
      await writeAudit(storage, { ...actorOf(caller), action: 'payment-cancel', merchant, subject: id }, clock.now());
      return reply.code(200).send(payment.value);
    },
  );

  app.post(
    '/payments/:id/acknowledge',
    {
      config,
      schema: {
        summary: 'The outcome was seen: from now on it counts as told',
        params: OfPayment,
        response: { 200: Payment, ...problems },
      },
    },
    async (request, reply) => {
      const { who } = callerOf(request);
      const { id } = request.params;
      const payment = await calls.acknowledge(who, id);
      if (payment.ok) return reply.code(200).send(payment.value);
      // Its call may be over since long, or since an earlier life of the server: what is found out later is told too.
      const row = payment.error.code === 'not-found' ? await findPayment(storage, id) : undefined;
      const theirs =
        who.person === undefined ? row && who.merchants.includes(row.merchant) : row?.person === who.person;
      if (!row || !theirs) return sendProblem(reply, payment.error.code, payment.error.message);
      if (row.outcome !== null && row.acknowledgedAt === null) {
        if (!calls.told(id, row.outcome)) {
          return sendProblem(reply, 'card-process-down', 'The card process is being started again: say it again.');
        }
        row.acknowledgedAt = clock.now();
        await acknowledgePayment(storage, id, row.acknowledgedAt);
      }
      const [seen] = await paymentsOf(storage, [row]);
      return seen ? reply.code(200).send(seen) : sendProblem(reply, 'not-found', 'There is no such payment.');
    },
  );
}
