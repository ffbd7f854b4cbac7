import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { z } from 'zod';
import { holdsCardNumber } from '../shared/card-digits.ts';
import type { Clock } from '../shared/clock.ts';
import type { Logger } from '../shared/logger.ts';
import { AMOUNT_LIMIT_MINOR, CURRENCIES } from '../shared/money.ts';
import {
  ACTIONS,
  type AttemptCourse,
  type AttemptTerms,
  type BookedAction,
  type BookedAttempt,
  Books,
  CARD_PURPOSES,
  PURPOSES,
} from './books.ts';
import type { SandboxSettings } from './settings.ts';
import { type Behaviour, brandOf, type CardOutcome, outcomeOf } from './test-cards.ts';

const BODY_LIMIT = 4096;
const CONNECTIONS_LIMIT = 1000;
/** "For ever", for a card that is never answered, ms: longer than any client waits, so that sockets don't add up. */
const NEVER_MS = 300_000;

const Ref = z.object({ ref: z.string().regex(/^[A-Za-z-]{8,64}$/) });
const order = z
  .string()
  .min(1)
  .max(64)
  .refine((text) => !holdsCardNumber(text));
const member = z.string().regex(/^[A-Za-z0-9@_.-]{1,60}$/);
/** What is asked for; an amount exactly where money moves, a member where a card is stored or charged. */
const terms = {
  purpose: z.enum(PURPOSES).default('charge'),
  amountMinor: z.int().min(0).max(AMOUNT_LIMIT_MINOR),
  currency: z.enum(CURRENCIES),
  order,
  member: member.optional(),
};
const fits = ({ purpose, amountMinor, member }: z.infer<z.ZodObject<typeof terms>>) =>
  (purpose === 'card-update') === (amountMinor === 0) &&
  (member !== undefined || purpose === 'charge' || purpose === 'authorize');
const Preparation = z.strictObject({ ...terms, purpose: z.enum(CARD_PURPOSES) }).refine(fits);
const Attempt = z
  .strictObject({
    ...terms,
    /** Of a prepared attempt. */
    transaction: z.string().max(32).optional(),
    card: z
      .strictObject({
        number: z.string().regex(/^\d{12,19}$/),
        expiry: z.string().regex(/^(0[1-9]|1[0-2])\d\d$/),
        securityCode: z.string().regex(/^\d{3,4}$/),
      })
      .optional(),
  })
  .refine(fits)
  .refine(({ purpose, card }) => (purpose === 'stored-charge') === (card === undefined));
const Action = z.strictObject({
  action: z.enum(ACTIONS),
  of: Ref.shape.ref,
  amountMinor: z.int().min(1).max(AMOUNT_LIMIT_MINOR),
});

/**
 * The payment service to practise with. An error's body is `{error: <word>}` and never repeats what was sent; what is
 * logged of a request is its method, route and status.
 *
 * - `PUT /v1/attempts/{ref}` {purpose, amountMinor, currency, order, member?, card? {number, expiry MMYY, securityCode}}
 *   → 200 attempt; the same ref again → the same attempt, or 409 `other-attempt` where the order or the money differs.
 *   `card-update` checks the card and stores it as the member's, `stored-charge` charges that one
 * - `POST /v1/attempts/{ref}/prepare` {purpose, amountMinor, currency, order, member?} → 200 attempt (`prepared`), whose
 *   `transaction` the PUT then has to name
 * - `GET /v1/attempts/{ref}` → 200 attempt, 404 `no-such-attempt`
 * - `POST /v1/attempts/{ref}/reverse` → 200 attempt (`reversed`; a declined one or a stored card stays as it is)
 * - `PUT /v1/actions/{ref}` {action, of, amountMinor} → 200 action (`approved` or `declined`); 404 `no-such-attempt`
 * - `GET /v1/actions/{ref}` → 200 action, 404 `no-such-action`
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

  /** Answers as the card has it: at once, after a while, never, half, or with another word than what was done. */
  const answer = async (
    reply: FastifyReply,
    behaviour: Behaviour,
    body: () => BookedAttempt | BookedAction | undefined,
  ) => {
    switch (behaviour) {
      case 'late':
        return await never(clock);
      case 'duplicate':
        return reply.code(409).send({ error: 'duplicate' });
      case 'reset': {
        reply.hijack();
        reply.raw.writeHead(200, { 'content-type': 'application/json', 'content-length': 500 });
        reply.raw.write(JSON.stringify(body()).slice(0, 40), () => reply.raw.destroy());
        return reply;
      }
      case 'slow':
        await new Promise<void>((resolve) => clock.after(settings.slowMs, resolve));
        return body();
      case 'approved':
      case 'no-refund':
        return body();
    }
  };

  server.post('/v1/attempts/:ref/prepare', async (request, reply) => {
    const params = Ref.safeParse(request.params);
    const asked = Preparation.safeParse(request.body);
    if (!params.success || !asked.success) return reply.code(400).send({ error: 'bad-request' });
    const { member: of, ...rest } = asked.data;
    const wanted = { ref: params.data.ref, ...rest, ...(of !== undefined && { member: of }) };
    const before = books.find(wanted.ref, clock.now());
    if (before && !same(before, wanted)) return reply.code(409).send({ error: 'other-attempt' });
    return before ?? books.prepare(wanted, clock.now());
  });

  server.put('/v1/attempts/:ref', async (request, reply) => {
    const params = Ref.safeParse(request.params);
    const asked = Attempt.safeParse(request.body);
    if (!params.success || !asked.success) return reply.code(400).send({ error: 'bad-request' });
    const { card, transaction, member: of, ...rest } = asked.data;
    const wanted = { ref: params.data.ref, ...rest, ...(of !== undefined && { member: of }) };
    const now = clock.now();
    const before = books.find(wanted.ref, now);
    if (before && !(same(before, wanted) && (transaction ?? before.transaction) === before.transaction)) {
      return reply.code(409).send({ error: 'other-attempt' });
    }
    let course: AttemptCourse;
    if (card) {
      const outcome = outcomeOf(card.number, card.expiry, now);
      if (outcome.is === 'lost') return await never(clock);
      const seen = { brand: brandOf(card.number), lastFour: card.number.slice(-4) };
      course = { ...seen, ...entry(outcome, now, settings.slowMs) };
    } else {
      const stored = books.cardOf(of ?? '');
      if (!stored) return reply.code(404).send({ error: 'no-such-card' });
      const { brand, lastFour, behaviour } = stored;
      course = { brand, lastFour, ...entry({ is: behaviour }, now, settings.slowMs) };
    }
    const booked = books.book(wanted, course, now);
    const slow = course.status === 'processing';
    // What is slow comes from its own time on, whatever the clock says by then.
    return await answer(reply, course.behaviour, () => (slow ? books.find(wanted.ref, now + settings.slowMs) : booked));
  });

  server.get('/v1/attempts/:ref', async (request, reply) => {
    const params = Ref.safeParse(request.params);
    const found = params.success ? books.find(params.data.ref, clock.now()) : undefined;
    return found ?? reply.code(404).send({ error: 'no-such-attempt' });
  });

  server.post('/v1/attempts/:ref/reverse', async (request, reply) => {
    const params = Ref.safeParse(request.params);
    const found = params.success ? books.reverse(params.data.ref, clock.now()) : undefined;
    if (!found) return reply.code(404).send({ error: 'no-such-attempt' });
    const behaviour = books.behaviourOf(found.ref) ?? 'approved';
    // Money whose answer was lost must come back all the same: only what is slow or breaks off does so here too.
    return await answer(reply, behaviour === 'slow' || behaviour === 'reset' ? behaviour : 'approved', () => found);
  });

  server.put('/v1/actions/:ref', async (request, reply) => {
    const params = Ref.safeParse(request.params);
    const asked = Action.safeParse(request.body);
    if (!params.success || !asked.success) return reply.code(400).send({ error: 'bad-request' });
    const { ref } = params.data;
    const { action, of, amountMinor } = asked.data;
    const before = books.findAction(ref);
    if (before && (before.action !== action || before.of !== of || before.amountMinor !== amountMinor)) {
      return reply.code(409).send({ error: 'other-action' });
    }
    const done = books.act(ref, action, of, amountMinor, clock.now());
    if (!done) return reply.code(404).send({ error: 'no-such-attempt' });
    return await answer(reply, books.behaviourOf(of) ?? 'approved', () => done);
  });

  server.get('/v1/actions/:ref', async (request, reply) => {
    const params = Ref.safeParse(request.params);
    const found = params.success ? books.findAction(params.data.ref) : undefined;
    return found ?? reply.code(404).send({ error: 'no-such-action' });
  });

  server.get('/v1/books', async () => books.totals(clock.now()));
  return server;
}

function same(before: AttemptTerms, wanted: AttemptTerms): boolean {
  return (['purpose', 'member', 'amountMinor', 'currency', 'order'] as const).every(
    (term) => before[term] === wanted[term],
  );
}

function entry(outcome: Exclude<CardOutcome, { is: 'lost' }>, now: number, slowMs: number) {
  switch (outcome.is) {
    case 'declined':
      return { status: 'declined', reason: outcome.reason, behaviour: 'approved' } as const;
    case 'slow':
      return { status: 'processing', dueAt: now + slowMs, behaviour: 'slow' } as const;
    default:
      return { status: 'approved', behaviour: outcome.is } as const;
  }
}

function never(clock: Clock): Promise<never> {
  return new Promise((_resolve, reject) => {
    clock.after(NEVER_MS, () => reject(new Error('never answered')));
  });
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
