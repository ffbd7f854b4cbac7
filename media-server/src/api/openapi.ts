import swagger from '@fastify/swagger';
import {
  Call,
  CallPage,
  IDEMPOTENCY_HEADER,
  IdempotencyKey,
  Me,
  Merchant,
  Order,
  Payment,
  ProblemBody,
  SipCredential,
} from '@tonegate/api-schema';
import type { FastifyInstance } from 'fastify';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';

/** Messages that the document names once instead of writing them out at each place. */
const named = z.registry<{ id: string }>();
const NAMED = { Me, Merchant, Order, Payment, Call, CallPage, ProblemBody, SipCredential };
for (const [id, message] of Object.entries(NAMED)) named.add(message, { id });

const toJsonSchema = createJsonSchemaTransform({ schemaRegistry: named });

const SECURITY = {
  person: [{ session: [] }],
  key: [{ apiKey: [] }],
  'person-or-key': [{ session: [] }, { apiKey: [] }],
  anybody: [],
};

const KEY_HEADER = {
  type: 'object',
  required: [IDEMPOTENCY_HEADER],
  properties: { [IDEMPOTENCY_HEADER]: z.toJSONSchema(IdempotencyKey) },
};

/** Collects every route declared after it; `app.swagger()` is the document (OpenAPI 3.1). */
export async function describeRoutes(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tonegate',
        description:
          'Calls and card payments by keypad. Times are UTC milliseconds, money integer minor units, ids 26 lower-case letters. Every POST except sign-in and sign-out needs an Idempotency-Key.',
        version,
      },
      components: {
        securitySchemes: {
          session: { type: 'apiKey', in: 'cookie', name: 'tonegate' },
          apiKey: { type: 'http', scheme: 'bearer' },
        },
      },
    },
    transform: (route) => {
      const { who = 'person', idempotency } = route.route.config ?? {};
      const described = toJsonSchema(route);
      const schema = { ...described.schema, security: SECURITY[who] } as typeof described.schema;
      if (route.route.method === 'POST' && idempotency !== 'none') schema.headers = KEY_HEADER;
      return { ...described, schema };
    },
    transformObject: createJsonSchemaTransformObject({ schemaRegistry: named }),
  });
}
