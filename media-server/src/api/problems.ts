import type { ProblemBody, ProblemCode } from '@tonegate/api-schema';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { withoutCardNumbers } from '../shared/card-digits.ts';

/** The HTTP status of each problem (RFC 9110 §15). */
const STATUS = {
  'bad-request': 400,
  'not-signed-in': 401,
  'wrong-password': 401,
  'too-many-tries': 429,
  'not-allowed': 403,
  'not-found': 404,
  'call-ended': 409,
  'call-not-answered': 409,
  'already-in-payment': 409,
  'already-ended': 409,
  'too-late': 409,
  'attempt-alive': 409,
  'amount-unfit': 422,
  'amount-above-limit': 422,
  'currency-refused': 422,
  'member-missing': 422,
  'phone-missing': 422,
  'not-possible': 409,
  'no-such-language': 422,
  'code-limit': 429,
  'keys-impossible': 409,
  'payments-closed': 503,
  'sound-unfit': 422,
  'gateway-unfit': 422,
  draining: 503,
  'idempotency-key-missing': 400,
  'idempotency-key-reused': 409,
  'card-process-down': 503,
  'server-error': 500,
} as const satisfies Record<ProblemCode, number>;

/** What is wrong where one field alone is, if there is more to say than that the request is bad. */
const BY_FIELD: Readonly<Record<string, ProblemCode>> = {
  '/order/amountMinor': 'amount-unfit',
  '/order/currency': 'currency-refused',
};

/** What replies of any route have in common here. */
type AnyReply = Pick<FastifyReply, 'code' | 'type'>;

/** Answers with a problem and its status, or with another status of the same class where HTTP has a closer one. */
export function sendProblem(reply: AnyReply, code: ProblemCode, message: string, status: number = STATUS[code]) {
  return sendProblemBody(reply, { code, message }, status);
}

/** The same, for a problem that says more than its code. */
export function sendProblemBody(reply: AnyReply, body: ProblemBody, status: number = STATUS[body.code]) {
  return (reply as FastifyReply).code(status).type('application/json').send(body);
}

/** Whatever a handler or a hook throws becomes a problem, and only what nobody expected is logged as an error. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    if (hasZodFastifySchemaValidationErrors(error)) {
      const faults = error.validation.map((fault) => `${fault.instancePath || '/'}: ${fault.message}`);
      const message = withoutCardNumbers(`${error.validationContext}: ${faults.join('; ')}`).slice(0, 500);
      const only = new Set(error.validation.map(({ instancePath }) => instancePath));
      return sendProblem(reply, (only.size === 1 && BY_FIELD[[...only][0] ?? '']) || 'bad-request', message);
    }
    const status = error.statusCode ?? 500;
    if (status === 429) return sendProblem(reply, 'too-many-tries', error.message);
    if (status >= 400 && status < 500)
      return sendProblem(reply, 'bad-request', withoutCardNumbers(error.message), status);
    request.log.error({ err: error, route: request.routeOptions.url }, 'a request failed by a fault of ours');
    return sendProblem(
      reply,
      'server-error',
      'The server made a mistake; nothing is known to have changed. Try again.',
    );
  });
}
