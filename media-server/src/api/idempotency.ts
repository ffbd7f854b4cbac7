import { createHash } from 'node:crypto';
import { IDEMPOTENCY_HEADER, IdempotencyKey } from '@tonegate/api-schema';
import type { FastifyInstance } from 'fastify';
import { callerOf } from './auth.ts';
import type { IdempotencyKeeper } from './idempotency-keeper.ts';
import { sendProblem } from './problems.ts';

const HEADER = IDEMPOTENCY_HEADER.toLowerCase();

/**
 * Every POST of this scope needs an `Idempotency-Key` and acts once per key. Answers of our own faults (5xx) aren't
 * kept: the same key may try again.
 */
export function requireIdempotencyKeys(app: FastifyInstance, keeper: IdempotencyKeeper): void {
  app.addHook('preHandler', async (request, reply) => {
    const keep = request.routeOptions.config.idempotency ?? 'disk';
    if (request.method !== 'POST' || keep === 'none') return;
    const key = IdempotencyKey.safeParse(request.headers[HEADER]);
    if (!key.success) {
      return sendProblem(
        reply,
        'idempotency-key-missing',
        `Send ${IDEMPOTENCY_HEADER}: 8 to 128 visible characters, new for each intent, the same for each try of it.`,
      );
    }
    const caller = callerOf(request);
    const verdict = await keeper.begin({
      scope: caller.kind === 'person' ? `person:${caller.person.id}` : `api-key:${caller.apiKey.id}`,
      key: key.data,
      // The body as the schema read it: its keys have the schema's order, so equal bodies have equal digests.
      digest: createHash('sha256')
        .update(`${request.method} ${request.url}\n${JSON.stringify(request.body ?? {})}`)
        .digest('hex'),
      keep,
    });
    if (verdict.kind === 'go') {
      request.idempotencyKey = verdict;
      return;
    }
    if (verdict.kind === 'answered') {
      const { status, body } = verdict.answer;
      reply.code(status).header('idempotent-replayed', 'true');
      if (body === '') return reply.send();
      // Sent as it was sent the first time, past the serializer.
      return reply
        .type('application/json; charset=utf-8')
        .serializer((payload) => payload as string)
        .send(body);
    }
    const message =
      verdict.kind === 'reused'
        ? 'This key was used for another request. Take a new key for a new intent.'
        : 'The first request with this key is still being worked on. Ask again with the same key.';
    return sendProblem(reply, 'idempotency-key-reused', message);
  });

  app.addHook('onSend', async (request, reply, payload) => {
    const running = request.idempotencyKey;
    if (!running) return;
    request.idempotencyKey = null;
    const body = typeof payload === 'string' ? payload : '';
    await running.finish(reply.statusCode < 500 ? { status: reply.statusCode, body } : undefined);
  });
}
