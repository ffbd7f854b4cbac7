import { GatewayTest, Id, MerchantGateway, ProblemBody, PutGateway } from '@tonegate/api-schema';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { writeAudit } from '../storage/audit.ts';
import { actorOf, personOf } from './auth.ts';
import { gatewayWords } from './gateway-words.ts';
import type { Http } from './http.ts';
import { administeredMerchant } from './merchant-administration.ts';
import type { ApiParts } from './parts.ts';
import { sendProblem, sendProblemBody } from './problems.ts';

const OfMerchant = z.object({ id: Id });
const problems = { '4xx': ProblemBody, '5xx': ProblemBody };

/** A merchant's own payment service and its credentials, which go in and never come out. For administrators. */
export function gatewayRoutes(app: Http, parts: ApiParts): void {
  const { gateways, storage, clock } = parts;

  function audit(request: FastifyRequest, merchant: string, action: string, detail: Record<string, string | boolean>) {
    return writeAudit(storage, { ...actorOf(personOf(request)), action, merchant, detail }, clock.now());
  }

  async function sendShown(reply: FastifyReply, merchant: string) {
    const shown = await gateways.show(merchant);
    if (!shown.ok) return sendProblem(reply, shown.error.code, shown.error.message);
    const { own, standard } = shown.value;
    if (!own) {
      return reply
        .code(200)
        .send({ merchant, own: false, kind: standard, settings: {}, state: 'usable', tested: null });
    }
    const { kind, ...settings } = own.gateway;
    const { result, testedAt, state } = own;
    const tested = { at: testedAt, works: result === 'works', result, message: gatewayWords(result) };
    return reply
      .code(200)
      .send({ merchant, own: true, kind: typeof kind === 'string' ? kind : '', settings, state, tested });
  }

  app.get(
    '/merchants/:id/gateway',
    {
      schema: {
        summary: "Which payment service a merchant's payments go to, without its secrets",
        params: OfMerchant,
        response: { 200: MerchantGateway, ...problems },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      return (await administeredMerchant(request, reply, parts, id)) ? sendShown(reply, id) : reply;
    },
  );

  app.put(
    '/merchants/:id/gateway',
    {
      schema: {
        summary: 'Gives a merchant a payment service of its own, if a harmless call to it works or `force` is set',
        params: OfMerchant,
        body: PutGateway,
        response: { 200: MerchantGateway, ...problems },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      if (!(await administeredMerchant(request, reply, parts, id))) return reply;
      const done = await gateways.provision(id, request.body);
      if (!done.ok) return sendProblemBody(reply, done.error);
      const { result, kept } = done.value;
      const { kind } = request.body.gateway;
      await audit(request, id, 'gateway-put', { kind, result, kept, force: request.body.force });
      if (!kept) {
        const message = `Nothing was kept. ${gatewayWords(result)}`;
        return sendProblemBody(reply, { code: 'gateway-unfit', message, reason: result });
      }
      return sendShown(reply, id);
    },
  );

  app.delete(
    '/merchants/:id/gateway',
    {
      schema: {
        summary: 'Back to the payment service of the settings',
        params: OfMerchant,
        response: { 204: z.null(), ...problems },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      if (!(await administeredMerchant(request, reply, parts, id))) return reply;
      const done = await gateways.unprovision(id);
      if (!done.ok) return sendProblem(reply, done.error.code, done.error.message);
      await audit(request, id, 'gateway-delete', {});
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/merchants/:id/gateway/test',
    {
      config: { idempotency: 'none' },
      schema: {
        summary: "A harmless call to the merchant's payment service",
        params: OfMerchant,
        response: { 200: GatewayTest, ...problems },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      if (!(await administeredMerchant(request, reply, parts, id))) return reply;
      const tested = await gateways.test(id);
      if (!tested.ok) return sendProblem(reply, tested.error.code, tested.error.message);
      const result = tested.value;
      await audit(request, id, 'gateway-test', { result });
      return reply.code(200).send({ works: result === 'works', result, message: gatewayWords(result) });
    },
  );
}
