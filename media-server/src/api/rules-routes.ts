import { Id, MerchantRules, ProblemBody } from '@tonegate/api-schema';
import { z } from 'zod';
import { writeAudit } from '../storage/audit.ts';
import { setRules } from '../storage/merchants.ts';
import type { Merchant } from '../storage/tables.ts';
import { actorOf, personOf } from './auth.ts';
import type { Http } from './http.ts';
import { administeredMerchant } from './merchant-administration.ts';
import type { ApiParts } from './parts.ts';

const schema = {
  params: z.object({ id: Id }),
  response: { 200: MerchantRules, '4xx': ProblemBody, '5xx': ProblemBody },
};

/** How a merchant takes payments. For administrators. */
export function rulesRoutes(app: Http, parts: ApiParts): void {
  const { storage, clock, merchantsChanged } = parts;

  app.get(
    '/merchants/:id/rules',
    { schema: { ...schema, summary: 'How a merchant takes payments' } },
    async (request, reply) => {
      const merchant = await administeredMerchant(request, reply, parts, request.params.id);
      return merchant ? reply.code(200).send(rulesOf(merchant)) : reply;
    },
  );

  app.put(
    '/merchants/:id/rules',
    {
      schema: {
        ...schema,
        summary: 'Changes how a merchant takes payments, from the next call on',
        body: MerchantRules,
      },
    },
    async (request, reply) => {
      const merchant = await administeredMerchant(request, reply, parts, request.params.id);
      if (!merchant) return reply;
      const { gentle, cards, brands, amountLimitMinor, agentsTypePhones } = request.body;
      await setRules(storage, merchant.id, {
        gentle: Number(gentle),
        cards,
        brands: brands && JSON.stringify(brands),
        amountLimitMinor,
        agentsTypePhones: Number(agentsTypePhones),
      });
      await merchantsChanged();
      const entry = {
        ...actorOf(personOf(request)),
        action: 'rules-put',
        merchant: merchant.id,
        detail: {
          gentle,
          cards,
          brands: brands?.join(' ') ?? 'all',
          amountLimitMinor: amountLimitMinor ?? 'none',
          agentsTypePhones,
        },
      };
      await writeAudit(storage, entry, clock.now());
      return reply.code(200).send(request.body);
    },
  );
}

function rulesOf({ gentle, cards, brands, amountLimitMinor, agentsTypePhones }: Merchant) {
  return {
    gentle: gentle === 1,
    cards,
    brands: brands === null ? null : MerchantRules.shape.brands.parse(JSON.parse(brands)),
    amountLimitMinor,
    agentsTypePhones: agentsTypePhones === 1,
  };
}
