import { Health } from '@tonegate/api-schema';
import { sql } from 'kysely';
import { findCaller } from './auth.ts';
import type { Http } from './http.ts';
import type { ApiParts, HealthPart } from './parts.ts';
import { sendProblem } from './problems.ts';

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

/** What those who run the server look at. */
export function operationsRoutes(app: Http, parts: ApiParts, tls: boolean): void {
  app.get(
    '/healthz',
    {
      config: { who: 'anybody' },
      schema: { summary: 'Whether the server can do its work', response: { 200: Health, 503: Health } },
    },
    async (_request, reply) => {
      const all = [...parts.health(), await storageHealth(parts)];
      const ok = all.every((part) => part.ok);
      return reply
        .code(ok ? 200 : 503)
        .header('cache-control', 'no-store')
        .send({ ok, parts: all });
    },
  );

  // Not for everyone: it tells how much business there is.
  app.get('/metrics', { config: { who: 'anybody' }, schema: { hide: true } }, async (request, reply) => {
    const local = LOOPBACK.has(request.ip);
    if (!local && (await findCaller(request, parts, tls))?.kind !== 'api-key') {
      return sendProblem(reply, 'not-allowed', 'Metrics are for this machine, or with an API key.');
    }
    return reply.type(parts.registry.contentType).send(await parts.registry.metrics());
  });
}

async function storageHealth({ storage, logger }: ApiParts): Promise<HealthPart> {
  try {
    await sql`select 1`.execute(storage);
    return { name: 'storage', ok: true };
  } catch (error) {
    logger.error({ err: error }, 'the storage does not answer');
    return { name: 'storage', ok: false, detail: 'does not answer' };
  }
}
