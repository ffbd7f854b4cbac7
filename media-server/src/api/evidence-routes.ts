import {
  AuditActors,
  AuditCheck,
  AuditPage,
  AuditQuery,
  Id,
  ProblemBody,
  ReceiptKey,
  Receipts,
  ReceiptsQuery,
} from '@tonegate/api-schema';
import { z } from 'zod';
import { listApiKeys } from '../storage/api-keys.ts';
import { listAudit, writeAudit } from '../storage/audit.ts';
import { peopleOfOrganisation } from '../storage/people.ts';
import { receiptsFrom, receiptsOfPeriod, signedHeadOf } from '../storage/receipts.ts';
import type { AuditRow } from '../storage/tables.ts';
import { actorOf, callerOf, mayOversee, personOf } from './auth.ts';
import type { Http } from './http.ts';
import type { ApiParts } from './parts.ts';
import { sendProblem } from './problems.ts';

const OfMerchant = z.object({ id: Id });
const problems = { '4xx': ProblemBody, '5xx': ProblemBody };
const config = { who: 'person-or-key' } as const;

/** What auditors ask for: receipts of silence, and who did what. */
export function evidenceRoutes(app: Http, { storage, signer, auditSeal, clock }: ApiParts): void {
  app.get(
    '/merchants/:id/receipts',
    {
      config,
      schema: {
        summary: 'Receipts of silence, in the order of their chain; supervisors, administrators and API keys',
        params: OfMerchant,
        querystring: ReceiptsQuery,
        response: { 200: Receipts, ...problems },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const merchant = request.params.id;
      if (!mayOversee(caller, merchant)) {
        return sendProblem(reply, 'not-allowed', "Receipts are for the merchant's supervisors and its API keys.");
      }
      const { from: wanted, since, until } = request.query;
      const whole = { first: 1, last: Number.MAX_SAFE_INTEGER };
      const period =
        since === undefined && until === undefined
          ? whole
          : await receiptsOfPeriod(storage, merchant, { since: since ?? 0, until: until ?? Number.MAX_SAFE_INTEGER });
      const from = Math.max(wanted, period?.first ?? wanted);
      const receipts = period ? await receiptsFrom(storage, merchant, from, period.last) : [];
      const head = (await signedHeadOf(storage, merchant, signer, clock.now())) ?? null;
      const after = from + receipts.length;
      // In a period the chain's end is known only where the period has it.
      const ended = head === null || after > head.number;
      const complete = ended || !period || after > period.last;
      await writeAudit(
        storage,
        { ...actorOf(caller), action: 'receipts-export', merchant, detail: { from, count: receipts.length } },
        clock.now(),
      );
      return reply.code(200).send({
        receipts: receipts.map(({ record, signature }) => ({ record: record as Record<string, unknown>, signature })),
        head: ended && (period !== undefined || head === null) ? head : null,
        next: complete ? null : after,
        publicKey: signer.publicKey,
      });
    },
  );

  app.get(
    '/receipts/key',
    { config, schema: { summary: 'What receipts are verified with', response: { 200: ReceiptKey, ...problems } } },
    async () => ({ key: signer.keyId, publicKey: signer.publicKey }),
  );

  app.get(
    '/audit',
    {
      schema: {
        summary: 'Who did what in the organisation, newest first; administrators',
        querystring: AuditQuery,
        response: { 200: AuditPage, ...problems },
      },
    },
    async (request, reply) => {
      const { person } = personOf(request);
      if (person.role !== 'administrator') return sendProblem(reply, 'not-allowed', 'The audit is for administrators.');
      const { limit, export: taken, ...narrowed } = request.query;
      const rows = await listAudit(storage, person.organisation, { ...narrowed, limit: limit + 1 });
      const entries = rows.slice(0, limit).map(entryOf);
      if (taken === 'true') {
        const detail = { count: entries.length, from: entries.at(-1)?.number ?? 0, to: entries[0]?.number ?? 0 };
        await writeAudit(storage, { ...actorOf(personOf(request)), action: 'audit-export', detail }, clock.now());
      }
      return reply.code(200).send({ entries, next: rows.length > limit ? (entries.at(-1)?.number ?? null) : null });
    },
  );

  app.get(
    '/audit/actors',
    {
      schema: {
        summary: 'Who can be in the audit, by name; administrators',
        response: { 200: AuditActors, ...problems },
      },
    },
    async (request, reply) => {
      const { person } = personOf(request);
      if (person.role !== 'administrator') return sendProblem(reply, 'not-allowed', 'The audit is for administrators.');
      const people = await peopleOfOrganisation(storage, person.organisation);
      const keys = await listApiKeys(storage, person.organisation);
      return reply.code(200).send({
        actors: [
          ...people.map(({ id, displayName }) => ({ id, kind: 'person' as const, name: displayName })),
          ...keys.map(({ id, name }) => ({ id, kind: 'api-key' as const, name })),
        ],
      });
    },
  );

  app.get(
    '/audit/check',
    {
      schema: {
        summary: 'Follows the whole chain of the audit; administrators',
        response: { 200: AuditCheck, ...problems },
      },
    },
    async (request, reply) => {
      if (personOf(request).person.role !== 'administrator') {
        return sendProblem(reply, 'not-allowed', 'The audit is for administrators.');
      }
      const findings = [...(await auditSeal.check())];
      return reply.code(200).send({ ok: findings.length === 0, findings });
    },
  );
}

function entryOf({ number, at, merchant, actorKind, actor, action, subject, detail }: AuditRow) {
  const facts = JSON.parse(detail) as Record<string, string | number | boolean>;
  return { number: Number(number), at, merchant, actorKind, actor, action, subject, detail: facts };
}
