import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sendProblem } from './problems.ts';

const JSON_ONLY = ['application/json'];
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Keeps other sites' pages out: state-changing requests and WebSockets must come from a page of this host or of
 * `origins`, or from no page at all; and state-changing ones must be JSON, or a sound where a route takes one: no plain
 * form can send either. The cookie's
 * SameSite is the other half.
 *
 * @param origins further origins, e.g. of the desktop app's pages
 */
export function checkOrigin(app: FastifyInstance, origins: readonly string[]): void {
  const allowed = new Set(origins);
  app.addHook('onRequest', async (request, reply) => {
    const changes = !SAFE_METHODS.has(request.method);
    if (!changes && request.headers.upgrade === undefined) return;
    if (!fromOurPage(request, allowed)) {
      return sendProblem(reply, 'not-allowed', 'This request came from a page of another site.');
    }
    const type = /^[^;\s]*/.exec(request.headers['content-type'] ?? '')?.[0].toLowerCase() ?? '';
    const takes = request.routeOptions.config.takes ?? JSON_ONLY;
    if (changes && !takes.includes(type)) {
      return sendProblem(reply, 'bad-request', `Send it with Content-Type: ${takes.join(', ')}.`, 415);
    }
  });
}

function fromOurPage(request: FastifyRequest, allowed: ReadonlySet<string>): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) {
    // Old browsers leave Origin out of some same-site requests; those that know Fetch Metadata say whose page it was.
    const site = request.headers['sec-fetch-site'];
    return site === undefined || site === 'same-origin' || site === 'none';
  }
  if (allowed.has(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}
