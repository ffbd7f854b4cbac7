import { Id, type Payment, ProblemBody, StartVerification, Verification } from '@tonegate/api-schema';
import { z } from 'zod';
import { holdsCardNumber } from '../shared/card-digits.ts';
import { writeAudit } from '../storage/audit.ts';
import { findCall } from '../storage/calls.ts';
import { findMerchant } from '../storage/merchants.ts';
import { actorOf, callerOf, mayActFor } from './auth.ts';
import type { Http } from './http.ts';
import type { ApiParts } from './parts.ts';
import { sendProblem } from './problems.ts';
import { visiblePayment } from './visible-payment.ts';

const OfVerification = z.object({ id: Id });
const problems = { '4xx': ProblemBody, '5xx': ProblemBody };
const config = { who: 'person-or-key' } as const;

/** Verification alone: another system asks whether the customer has their phone. A view of payments of that purpose. */
export function verificationsRoutes(app: Http, { calls, storage, clock }: ApiParts): void {
  app.post(
    '/verifications',
    {
      config,
      schema: {
        summary: "Sends a one-time code to the customer's phone and has it keyed, past the agent",
        body: StartVerification,
        response: { 201: Verification, ...problems },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { call, reference, member, phone, language } = request.body;
      if (holdsCardNumber(reference)) {
        return sendProblem(reply, 'bad-request', 'The reference holds what may be a card number. Nothing was stored.');
      }
      if (member === undefined && phone === undefined) {
        return sendProblem(reply, 'phone-missing', 'Say whose phone: give a member, or a phone.');
      }
      const row = await findCall(storage, call);
      const merchant = row && mayActFor(caller, row.merchant) ? await findMerchant(storage, row.merchant) : undefined;
      if (!merchant) return sendProblem(reply, 'not-found', 'There is no such call, or it is not yours.');
      const payment = await calls.startPayment(caller.who, {
        call,
        purpose: 'verify',
        order: { reference, amountMinor: 0, currency: merchant.currency, ...(phone !== undefined && { phone }) },
        ...(member !== undefined && { member }),
        ...(language !== undefined && { language }),
      });
      if (!payment.ok) return sendProblem(reply, payment.error.code, payment.error.message);
      await writeAudit(
        storage,
        {
          ...actorOf(caller),
          action: 'verification-start',
          merchant: merchant.id,
          subject: payment.value.id,
          detail: { call },
        },
        clock.now(),
      );
      return reply.code(201).send(verificationOf(payment.value));
    },
  );

  app.get(
    '/verifications/:id',
    {
      config,
      schema: {
        summary: 'Whether the customer was verified',
        params: OfVerification,
        response: { 200: Verification, ...problems },
      },
    },
    async (request, reply) => {
      const payment = await visiblePayment({ calls, storage }, callerOf(request), request.params.id);
      if (payment?.purpose !== 'verify') return sendProblem(reply, 'not-found', 'There is no such verification.');
      return reply.code(200).send(verificationOf(payment));
    },
  );
}

function verificationOf(payment: Payment): Verification {
  const { id, call, merchant, order, member, outcome, reason, startedAt, endedAt } = payment;
  return {
    id,
    call,
    merchant,
    reference: order.reference,
    member,
    verified: outcome === null ? null : outcome === 'approved',
    reason: outcome === 'approved' ? null : reason,
    startedAt,
    endedAt,
  };
}
