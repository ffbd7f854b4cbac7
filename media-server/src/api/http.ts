import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Caller } from './auth.ts';
import type { Verdict } from './idempotency-keeper.ts';

/** A fastify instance (or one of its scopes) whose routes take zod schemas. */
export type Http = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may ask: a signed-in person (what isn't said otherwise), a core system's key, either of them, or anybody. */
    who?: 'person' | 'key' | 'person-or-key' | 'anybody';
    /** Content types of the body besides which nothing is taken. Default: JSON. None of them may be one that a form can send. */
    takes?: readonly string[];
    /** `memory` where the answer holds a secret; `none` where a repeated request does no harm. Default: `disk`. */
    idempotency?: 'disk' | 'memory' | 'none';
  }
  interface FastifyRequest {
    /** Null before the sign-in was checked, and on routes for anybody. */
    caller: Caller | null;
    idempotencyKey: (Verdict & { kind: 'go' }) | null;
  }
}
