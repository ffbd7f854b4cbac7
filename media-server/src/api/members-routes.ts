import { Id, Member, MemberName, ProblemBody, PutMember } from '@tonegate/api-schema';
import { z } from 'zod';
import { isPhone } from '../integrations/codes/phone.ts';
import { holdsCardNumber } from '../shared/card-digits.ts';
import { writeAudit } from '../storage/audit.ts';
import { deleteMember, findMember, putMember } from '../storage/members.ts';
import type { Member as MemberRow } from '../storage/tables.ts';
import { actorOf, type Caller, callerOf, mayActFor, mayOversee } from './auth.ts';
import type { Http } from './http.ts';
import type { ApiParts } from './parts.ts';
import { sendProblem } from './problems.ts';

const OfMember = z.object({ id: Id, member: MemberName });
const problems = { '4xx': ProblemBody, '5xx': ProblemBody };
const config = { who: 'person-or-key' } as const;
/** Digits of a number that people get to see: enough to ask "does it end in …?". */
const SHOWN_DIGITS = 4;

/** A merchant's customers, as far as codes and the guide need to know them. Written by core systems and supervisors. */
export function membersRoutes(app: Http, { storage, clock, languages }: ApiParts): void {
  app.put(
    '/merchants/:id/members/:member',
    {
      config,
      schema: {
        summary: 'Tells of a customer: phone, language, gentle mode',
        params: OfMember,
        body: PutMember,
        response: { 200: Member, ...problems },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { id: merchant, member } = request.params;
      if (!mayActFor(caller, merchant)) return sendProblem(reply, 'not-found', 'There is no such merchant.');
      if (!mayOversee(caller, merchant)) {
        return sendProblem(reply, 'not-allowed', 'Members are told by core systems and supervisors.');
      }
      const { phone, language, gentle } = request.body;
      if (holdsCardNumber(member) || (phone !== null && !isPhone(phone))) {
        return sendProblem(reply, 'bad-request', 'The name or number may be a card number. Nothing was stored.');
      }
      if (language !== null && !languages().includes(language)) {
        return sendProblem(reply, 'no-such-language', `The guide doesn't speak ${language}.`);
      }
      const row = await putMember(storage, { merchant, member, phone, language, gentle: Number(gentle) }, clock.now());
      await writeAudit(
        storage,
        { ...actorOf(caller), action: 'member-put', merchant, detail: { member, phone: phone !== null } },
        clock.now(),
      );
      return reply.code(200).send(memberOf(row, caller));
    },
  );

  app.get(
    '/merchants/:id/members/:member',
    {
      config,
      schema: { summary: 'What is known of a customer', params: OfMember, response: { 200: Member, ...problems } },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { id, member } = request.params;
      const row = mayActFor(caller, id) ? await findMember(storage, id, member) : undefined;
      if (!row) return sendProblem(reply, 'not-found', 'There is no such member.');
      return reply.code(200).send(memberOf(row, caller));
    },
  );

  app.delete(
    '/merchants/:id/members/:member',
    {
      config,
      schema: { summary: 'Forgets a customer', params: OfMember, response: { 204: z.null(), ...problems } },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { id: merchant, member } = request.params;
      if (!mayActFor(caller, merchant)) return sendProblem(reply, 'not-found', 'There is no such merchant.');
      if (!mayOversee(caller, merchant)) {
        return sendProblem(reply, 'not-allowed', 'Members are told by core systems and supervisors.');
      }
      if (!(await deleteMember(storage, merchant, member))) {
        return sendProblem(reply, 'not-found', 'There is no such member.');
      }
      await writeAudit(
        storage,
        { ...actorOf(caller), action: 'member-delete', merchant, detail: { member } },
        clock.now(),
      );
      return reply.code(204).send(null);
    },
  );
}

function memberOf({ gentle, phone, ...row }: MemberRow, caller: Caller): Member {
  return { ...row, gentle: gentle === 1, phone: phone === null || caller.kind === 'api-key' ? phone : masked(phone) };
}

function masked(phone: string): string {
  return `+${'•'.repeat(phone.length - 1 - SHOWN_DIGITS)}${phone.slice(-SHOWN_DIGITS)}`;
}
