import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import { holdsCardNumber } from '../shared/card-digits.ts';
import type { Clock } from '../shared/clock.ts';
import type { Logger } from '../shared/logger.ts';
import { AMOUNT_LIMIT_MINOR, CURRENCIES } from '../shared/money.ts';
import { Books } from './books.ts';
import type { SandboxSettings } from './settings.ts';
import { brandOf, type CardOutcome, outcomeOf } from './test-cards.ts';

const BODY_LIMIT = 4096;
const CONNECTIONS_LIMIT = 1000;
/** "For ever", for a card that is never answered, ms: longer than any client waits, so that sockets don't add up. */
const NEVER_MS = 300_000;

const Ref = z.object({ ref: z.string().regex(/^[A-Za-z-]{8,64}$/) });
const Attempt = z.strictObject({
  amountMinor: z.int().min(1).max(AMOUNT_LIMIT_MINOR),
  currency: z.enum(CURRENCIES),
  order: z
    .string()
    .min(1)
    .max(64)
    .refine((text) => !holdsCardNumber(text)),
  card: z.strictObject({
    number: z.string().regex(/^\d{12,19}$/),
    expiry: z.string().regex(/^(0[1-9]|1[0-2])\d\d$/),
    securityCode: z.string().regex(/^\d{3,4}$/),
  }),
});

/**
 * The payment service to practise with. An error's body is `{error: <word>}` and never repeats what was sent; what is
 * logged of a request is its method, route and status.
 *
 * - `PUT /v1/attempts/{ref}` {amountMinor, currency, order, card {number, expiry MMYY, securityCode}} → 200 attempt;
 *   the same ref again → the same attempt, or 409 `other-attempt` where the order or the money differs
 * - `GET /v1/attempts/{ref}` → 200 attempt, 404 `no-such-attempt`
 * - `POST /v1/attempts/{ref}/reverse` → 200 attempt (`reversed`; a declined one stays as it is)
 * - `GET /v1/books` → 200 `Totals`
 *
 * @throws Error where a file can't be read or the books can't be used
 */
export function sandboxServer(settings: SandboxSettings, clock: Clock, logger: Logger): FastifyInstance {
  const apiKey = readFileSync(settings.apiKeyFile, 'utf8').trim();
  if (!/^[\x21-\x7e]{8,200}$/.test(apiKey))
    throw new Error(`${settings.apiKeyFile} must hold 8–200 visible characters`);
  const books = new Books(settings.booksFolder);
  const keyDigest = digest(`Bearer ${apiKey}`);

  const server = fastify({
    https: { cert: readFileSync(settings.certFile), key: readFileSync(settings.keyFile), minVersion: 'TLSv1.2' },
    bodyLimit: BODY_LIMIT,
    requestTimeout: 10_000,
    forceCloseConnections: true,
    logger: false,
  }) as unknown as FastifyInstance;
  server.server.maxConnections = CONNECTIONS_LIMIT;

  server.addHook('onRequest', async (request, reply) => {
    const given = digest(request.headers.authorization ?? '');
    if (!timingSafeEqual(given, keyDigest)) await reply.code(401).send({ error: 'wrong-key' });
  });
  server.addHook('onResponse', async (request, reply) => {
    logger.info({ method: request.method, route: request.routeOptions.url, status: reply.statusCode }, 'request');
  });
  server.addHook('onClose', async () => books.close());
  server.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'no-such-route' }));
  server.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    // The name alone: a parser's message quotes what it read.
    if (status >= 500) logger.error({ name: error.name }, 'request failed');
    return reply.code(status).send({ error: status < 500 ? 'bad-request' : 'internal' });
  });

  server.put('/v1/attempts/:ref', async (request, reply) => {
    const params = Ref.safeParse(request.params);
    const asked = Attempt.safeParse(request.body);
    if (!params.success || !asked.success) return reply.code(400).send({ error: 'bad-request' });
    const { ref } = params.data;
    const { amountMinor, currency, order, card } = asked.data;
    const now = clock.now();
    const before = books.find(ref, now);
    if (before && (before.order !== order || before.amountMinor !== amountMinor || before.currency !== currency)) {
      return reply.code(409).send({ error: 'other-attempt' });
    }
    const outcome = outcomeOf(card.number, card.expiry, now);
    if (outcome.is === 'lost') return await never(clock);
    const known = { brand: brandOf(card.number), lastFour: card.number.slice(-4) };
    const booked = books.book(
      { ref, order, amountMinor, currency, ...known, ...entry(outcome, now, settings.slowMs) },
      now,
    );
    if (outcome.is === 'late') return await never(clock);
    if (booked.status !== 'processing') return booked;
    await new Promise<void>((resolve) => clock.after(settings.slowMs, resolve));
    return books.find(ref, now + settings.slowMs);
  });

  server.get('/v1/attempts/:ref', async (request, reply) => {
    const params = Ref.safeParse(request.params);
    const found = params.success ? books.find(params.data.ref, clock.now()) : undefined;
    return found ?? reply.code(404).send({ error: 'no-such-attempt' });
  });

  server.post('/v1/attempts/:ref/reverse', async (request, reply) => {
    const params = Ref.safeParse(request.params);
    const found = params.success ? books.reverse(params.data.ref, clock.now()) : undefined;
    return found ?? reply.code(404).send({ error: 'no-such-attempt' });
  });

  server.get('/v1/books', async () => books.totals(clock.now()));
  return server;
}

function entry(outcome: CardOutcome, now: number, slowMs: number) {
  if (outcome.is === 'declined') return { status: 'declined', reason: outcome.reason } as const;
  return outcome.is === 'slow'
    ? ({ status: 'processing', dueAt: now + slowMs } as const)
    : ({ status: 'approved' } as const);
}

function never(clock: Clock): Promise<never> {
  return new Promise((_resolve, reject) => {
    clock.after(NEVER_MS, () => reject(new Error('never answered')));
  });
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
