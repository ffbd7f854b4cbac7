import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import websocket from '@fastify/websocket';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { tokenHash } from '../storage/sessions.ts';
import { authenticate } from './auth.ts';
import { callsRoutes } from './calls-routes.ts';
import { evidenceRoutes } from './evidence-routes.ts';
import { eventsRoute } from './events.ts';
import { funnelRoutes } from './funnel-routes.ts';
import { gatewayRoutes } from './gateway-routes.ts';
import type { Http } from './http.ts';
import { membersRoutes } from './members-routes.ts';
import { requireIdempotencyKeys } from './idempotency.ts';
import { keysRoutes } from './keys-routes.ts';
import { manualRoutes } from './manual-routes.ts';
import { meRoutes } from './me-routes.ts';
import { moneyRoutes } from './money-routes.ts';
import { describeRoutes } from './openapi.ts';
import { operationsRoutes } from './operations.ts';
import { checkOrigin } from './origin.ts';
import { servePages } from './pages.ts';
import type { ApiParts } from './parts.ts';
import { paymentHelpRoutes } from './payment-help-routes.ts';
import { paymentsRoutes } from './payments-routes.ts';
import { answerErrors } from './problems.ts';
import { promptsRoutes } from './prompts-routes.ts';
import { rulesRoutes } from './rules-routes.ts';
import { secureHeaders } from './secure-headers.ts';
import { signInRoutes } from './sign-in.ts';
import { type AcceptSip, sipSocket } from './sip-socket.ts';
import { stateRoutes } from './state-routes.ts';
import { verificationsRoutes } from './verifications-routes.ts';

/** Bytes of a request's body, and of one WebSocket message. */
const BODY_LIMIT = 65_536;
/** Requests a minute of one session, key or, without either, address. */
const REQUESTS_PER_MINUTE = 1200;
/** Silence after which a connection that sends no whole request is cut, ms. */
const REQUEST_MS = 30_000;

export interface ApiOptions {
  readonly parts: ApiParts;
  /** PEM; with it the listener is HTTPS and its cookies are Secure. */
  readonly https?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  /** Folder of the built softphone; without it there is only the API. */
  readonly clientFolder?: string;
  /** Origins beside this host whose pages may use the API, e.g. the desktop app's. */
  readonly origins?: readonly string[];
  readonly acceptSip: AcceptSip;
  /** Shown in the OpenAPI document. */
  readonly version: string;
}

/**
 * One listener's HTTP and WebSocket server, ready but not listening. Several may share the same parts: HTTP on loopback,
 * HTTPS on the LAN. `close()` ends its WebSockets, too.
 */
export async function createApi(options: ApiOptions): Promise<FastifyInstance> {
  const { parts, https } = options;
  const tls = https !== undefined;
  const settings = {
    loggerInstance: parts.logger as unknown as FastifyBaseLogger,
    // The lines of fastify's own hold URLs, whose queries may hold phone numbers; `logRequests` writes ours.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_MS,
    routerOptions: { maxParamLength: 64 },
  };
  const app = (https
    ? Fastify({ ...settings, https: { ...https, minVersion: 'TLSv1.2' } })
    : Fastify(settings)) as unknown as FastifyInstance;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest('caller', null);
  app.decorateRequest('idempotencyKey', null);

  answerErrors(app);
  readJson(app);
  logRequests(app, parts);
  await secureHeaders(app, tls);
  await app.register(cookie);
  await app.register(websocket, {
    options: {
      maxPayload: BODY_LIMIT,
      handleProtocols: (protocols: Set<string>) => (protocols.has('sip') ? 'sip' : false),
    },
  });
  checkOrigin(app, options.origins ?? []);
  await describeRoutes(app, options.version);

  await app.register(
    async (scope) => {
      await scope.register(rateLimit, {
        max: REQUESTS_PER_MINUTE,
        timeWindow: '1 minute',
        keyGenerator: (request) => {
          const { authorization, cookie: cookies } = request.headers;
          const token = authorization ?? cookies;
          return token === undefined ? request.ip : tokenHash(token);
        },
      });
      authenticate(scope, parts, tls);
      requireIdempotencyKeys(scope, parts.idempotency);
      const v1 = scope.withTypeProvider<ZodTypeProvider>() as unknown as Http;
      v1.get('/openapi.json', { config: { who: 'anybody' }, schema: { hide: true } }, async () => app.swagger());
      signInRoutes(v1, parts, tls);
      meRoutes(v1, parts);
      callsRoutes(v1, parts);
      keysRoutes(v1, parts);
      paymentsRoutes(v1, parts);
      paymentHelpRoutes(v1, parts);
      moneyRoutes(v1, parts);
      manualRoutes(v1, parts);
      evidenceRoutes(v1, parts);
      stateRoutes(v1, parts);
      membersRoutes(v1, parts);
      verificationsRoutes(v1, parts);
      funnelRoutes(v1, parts);
      await promptsRoutes(v1, parts);
      gatewayRoutes(v1, parts);
      rulesRoutes(v1, parts);
      eventsRoute(v1, parts);
    },
    { prefix: '/v1' },
  );
  operationsRoutes(app.withTypeProvider<ZodTypeProvider>() as unknown as Http, parts, tls);
  sipSocket(app, options.acceptSip, tls);
  await servePages(app, options.clientFolder);
  await app.ready();
  return app;
}

/** JSON only, and an empty body is `{}`: a POST that says all in its path needs none. */
function readJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') return done(null, {});
    return parse(request, body as string, done);
  });
}

/** One line and one measurement for each answer: the route's pattern, never the URL. */
function logRequests(app: FastifyInstance, { metrics, logger }: ApiParts): void {
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    const status = String(reply.statusCode);
    metrics.requests.observe({ method: request.method, route, status }, reply.elapsedTime / 1000);
    logger.debug({ method: request.method, route, status: reply.statusCode, ms: reply.elapsedTime }, 'answered');
  });
}
