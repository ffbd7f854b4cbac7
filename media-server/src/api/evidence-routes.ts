import {
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
import { listAudit, writeAudit } from '../storage/audit.ts';
import { headOf, receiptsFrom } from '../storage/receipts.ts';
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
      const { from } = request.query;
      const receipts = await receiptsFrom(storage, merchant, from);
      const head = (await headOf(storage, merchant)) ?? null;
      const after = from + receipts.length;
      const complete = head === null || after > head.number;
      await writeAudit(
        storage,
        { ...actorOf(caller), action: 'receipts-export', merchant, detail: { from, count: receipts.length } },
        clock.now(),
      );
      return reply.code(200).send({
        receipts: receipts.map(({ record, signature }) => ({ record: record as Record<string, unknown>, signature })),
        head: complete ? head : null,
        next: complete ? null : after,
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
      const { limit, before } = request.query;
      const rows = await listAudit(storage, person.organisation, { before, limit: limit + 1 });
      const entries = rows.slice(0, limit).map(entryOf);
      return reply.code(200).send({ entries, next: rows.length > limit ? (entries.at(-1)?.number ?? null) : null });
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
