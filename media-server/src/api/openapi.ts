import swagger from '@fastify/swagger';
import * as messages from '@tonegate/api-schema';
import type { FastifyInstance } from 'fastify';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';

/** Messages that the document names once instead of writing them out at each place. */
const named = z.registry<{ id: string }>();
for (const id of ['Me', 'Merchant', 'Order', 'Payment', 'Call', 'CallPage', 'ProblemBody', 'SipCredential'] as const) {
  named.add(messages[id], { id });
}

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
      security: [{ session: [] }, { apiKey: [] }],
    },
    transform: createJsonSchemaTransform({ schemaRegistry: named }),
    transformObject: createJsonSchemaTransformObject({ schemaRegistry: named }),
  });
}
