import {
  Call,
  CallCounts,
  CallPage,
  CallsQuery,
  Hold,
  Id,
  Key,
  PaymentPage,
  ProblemBody,
  StartCall,
} from '@tonegate/api-schema';
import { z } from 'zod';
import { callsOf, paymentsOf } from '../calls/records.ts';
import { findCall, listCalls } from '../storage/calls.ts';
import { paymentsOfCall } from '../storage/payments.ts';
import { callerOf, mayActFor, personOf, seesAll } from './auth.ts';
import type { Http } from './http.ts';
import type { ApiParts } from './parts.ts';
import { sendProblem } from './problems.ts';

const OfCall = z.object({ id: Id });
const problems = { '4xx': ProblemBody, '5xx': ProblemBody };

/** Calls: the last ones, and what an agent does with one. */
export function callsRoutes(app: Http, { calls, storage }: ApiParts): void {
  app.get(
    '/calls',
    {
      config: { who: 'person-or-key' },
      schema: {
        summary: "The person's own calls, or those of the key's merchants; newest first",
        querystring: CallsQuery,
        response: { 200: CallPage, ...problems },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { limit, cursor, live } = request.query;
      const rows = await listCalls(
        storage,
        caller.kind === 'person' ? { person: caller.person.id } : { merchants: caller.who.merchants },
        { limit: limit + 1, before: cursor, live: live === 'true' },
      );
      const page = await callsOf(storage, rows.slice(0, limit));
      // Of a running call `calls/` knows more than what is written.
      const running = new Map(
        caller.kind === 'person' ? calls.snapshot(caller.person.id).calls.map((call) => [call.id, call]) : [],
      );
      return {
        calls: page.map((call) => running.get(call.id) ?? call),
        next: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
      };
    },
  );

  app.post(
    '/calls',
    { schema: { summary: 'Calls a number for a merchant', body: StartCall, response: { 201: Call, ...problems } } },
    async (request, reply) => {
      const caller = personOf(request);
      const { number, merchant } = request.body;
      if (!mayActFor(caller, merchant)) {
        return sendProblem(reply, 'not-allowed', "You don't work for this merchant. Ask an administrator to add you.");
      }
      const call = await calls.dial(caller.person.id, number, merchant);
      if (!call.ok) return sendProblem(reply, call.error.code, call.error.message);
      return reply.code(201).send(call.value);
    },
  );

  app.post(
    '/calls/:id/hold',
    {
      schema: {
        summary: 'Holds the call, or takes it back',
        params: OfCall,
        body: Hold,
        response: { 200: Call, ...problems },
      },
    },
    async (request, reply) => {
      const call = await calls.hold(personOf(request).person.id, request.params.id, request.body.on);
      if (!call.ok) return sendProblem(reply, call.error.code, call.error.message);
      return reply.code(200).send(call.value);
    },
  );

  app.post(
    '/calls/:id/hang-up',
    { schema: { summary: 'Ends the call', params: OfCall, response: { 200: Call, ...problems } } },
    async (request, reply) => {
      const call = await calls.hangUp(personOf(request).person.id, request.params.id);
      if (!call.ok) return sendProblem(reply, call.error.code, call.error.message);
      return reply.code(200).send(call.value);
    },
  );

  app.post(
    '/calls/:id/keys',
    {
      schema: {
        summary: "Sends one key of the agent's to the customer's side",
        params: OfCall,
        body: Key,
        response: { 204: z.undefined().describe('Sent'), ...problems },
      },
    },
    async (request, reply) => {
      const sent = await calls.sendKey(personOf(request).person.id, request.params.id, request.body.key);
      if (!sent.ok) return sendProblem(reply, sent.error.code, sent.error.message);
      return reply.code(204).send();
    },
  );

  app.get(
    '/calls/:id/payments',
    {
      config: { who: 'person-or-key' },
      schema: {
        summary: 'Every payment of a call, and what was done with their money; oldest first',
        params: OfCall,
        response: { 200: PaymentPage, ...problems },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const call = await findCall(storage, request.params.id);
      const own = caller.kind === 'person' && call?.person === caller.person.id;
      if (!call || !mayActFor(caller, call.merchant) || !(own || seesAll(caller))) {
        return sendProblem(reply, 'not-found', 'There is no such call, or it is not yours.');
      }
      const payments = await paymentsOf(storage, await paymentsOfCall(storage, call.id));
      return reply
        .code(200)
        .send({ payments: payments.map((payment) => calls.payment(payment.id) ?? payment), next: null });
    },
  );

  app.get(
    '/calls/:id/counts',
    {
      config: { who: 'key' },
      schema: {
        summary: 'Packets of a running call at both valves of the wall, for operators',
        params: OfCall,
        response: { 200: CallCounts, ...problems },
      },
    },
    async (request, reply) => {
      const counts = await calls.counts(callerOf(request).who, request.params.id);
      if (!counts.ok) return sendProblem(reply, counts.error.code, counts.error.message);
      return reply.code(200).send(counts.value);
    },
  );
}
