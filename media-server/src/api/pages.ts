import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { sendProblem } from './problems.ts';

/**
 * The softphone's files; what isn't a file is the softphone's own business, so a page that is asked for gets
 * `index.html`.
 *
 * @param folder the client's build, or undefined for an API without pages
 */
export async function servePages(app: FastifyInstance, folder: string | undefined): Promise<void> {
  const pages = folder !== undefined && existsSync(join(folder, 'index.html'));
  if (pages) {
    await app.register(fastifyStatic, {
      root: folder,
      wildcard: true,
      cacheControl: false,
      setHeaders: (reply, path) => {
        // The build names assets by their content; everything else may change at any time.
        const forever = path.startsWith(join(folder, 'assets'));
        reply.header('cache-control', forever ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
  }
  app.setNotFoundHandler((request, reply) => {
    const page = request.method === 'GET' && (request.headers.accept ?? '').includes('text/html');
    if (pages && page && !request.url.startsWith('/v1/')) return reply.sendFile('index.html');
    return sendProblem(reply, 'not-found', 'There is nothing here.');
  });
}
