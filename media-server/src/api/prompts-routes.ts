import { Id, MerchantPrompt, MerchantPrompts, PromptsQuery, ProblemBody, PutPrompt } from '@tonegate/api-schema';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { PromptFacts } from '../integrations/prompts/merchant-prompts.ts';
import { muLawWav } from '../integrations/prompts/wav.ts';
import { holdsCardNumber } from '../shared/card-digits.ts';
import { writeAudit } from '../storage/audit.ts';
import { findMerchant } from '../storage/merchants.ts';
import type { Person } from '../storage/tables.ts';
import { actorOf, personOf } from './auth.ts';
import type { Http } from './http.ts';
import type { ApiParts } from './parts.ts';
import { sendProblem } from './problems.ts';

/** 30 s of stereo at 48,000 samples of 24 bits are 8.6 MB. */
const FILE_LIMIT = 9 * 1024 * 1024;
const SOUND_TYPES = ['audio/wav', 'audio/x-wav', 'audio/vnd.wave', 'audio/mpeg', 'application/octet-stream'];

const OfMerchant = z.object({ id: Id });
const OfPrompt = OfMerchant.extend({
  language: z.string().regex(/^[a-z]{2}(-[A-Z]{2})?$/),
  name: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/),
});
const problems = { '4xx': ProblemBody, '5xx': ProblemBody };

/** What a merchant's customers hear: the ready prompts, or its own in their place. For supervisors and administrators. */
export async function promptsRoutes(app: Http, { storage, clock, prompts }: ApiParts): Promise<void> {
  /** The person who may change this merchant's prompts; else the refusal was sent. */
  async function overseer(request: FastifyRequest, reply: FastifyReply, merchant: string): Promise<Person | undefined> {
    const { person } = personOf(request);
    if (person.role === 'agent') {
      await sendProblem(reply, 'not-allowed', 'Prompts are for supervisors and administrators.');
      return undefined;
    }
    const found = await findMerchant(storage, merchant);
    if (found?.organisation === person.organisation) return person;
    await sendProblem(reply, 'not-found', 'There is no such merchant.');
    return undefined;
  }

  app.get(
    '/merchants/:id/prompts',
    {
      schema: {
        summary: "What a merchant's customers can hear: the words of each prompt, and which are the merchant's own",
        params: OfMerchant,
        querystring: PromptsQuery,
        response: { 200: MerchantPrompts, ...problems },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      if (!(await overseer(request, reply, id))) return reply;
      const { language } = request.query;
      const listed = await prompts.list(id, language === undefined ? undefined : [language]);
      return reply.code(200).send({ prompts: listed.map(shown) });
    },
  );

  app.get(
    '/merchants/:id/prompts/:language/:name',
    { schema: { summary: 'The sound that customers hear, as WAV (G.711, 8000 Hz)', params: OfPrompt } },
    async (request, reply) => {
      const { id: merchant, language, name } = request.params;
      if (!(await overseer(request, reply, merchant))) return reply;
      const ulaw = await prompts.sound({ merchant, language, name });
      if (!ulaw) return sendProblem(reply, 'not-found', 'There is no such prompt in this language.');
      return reply.type('audio/wav').send(muLawWav(ulaw));
    },
  );

  app.delete(
    '/merchants/:id/prompts/:language/:name',
    { schema: { summary: 'The ready prompt is played again', params: OfPrompt } },
    async (request, reply) => {
      const { id: merchant, language, name } = request.params;
      if (!(await overseer(request, reply, merchant))) return reply;
      if (!(await prompts.drop({ merchant, language, name })))
        return sendProblem(reply, 'not-found', 'The merchant has no prompt of its own here.');
      const entry = { ...actorOf(personOf(request)), action: 'prompt-drop', merchant, detail: { language, name } };
      await writeAudit(storage, entry, clock.now());
      return reply.code(204).send();
    },
  );

  await app.register(async (scope) => {
    // Only here: all other requests are JSON.
    scope.addContentTypeParser(SOUND_TYPES, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    (scope as unknown as Http).put(
      '/merchants/:id/prompts/:language/:name',
      {
        config: { takes: SOUND_TYPES },
        bodyLimit: FILE_LIMIT,
        schema: {
          summary: "Replaces a prompt by the merchant's own: a WAV or MP3 file of 0.15 to 30 seconds as the body",
          params: OfPrompt,
          querystring: PutPrompt,
          response: { 200: MerchantPrompt, ...problems },
        },
      },
      async (request, reply) => {
        const { id: merchant, language, name } = request.params;
        const person = await overseer(request, reply, merchant);
        if (!person) return reply;
        if (!Buffer.isBuffer(request.body))
          return sendProblem(
            reply,
            'bad-request',
            `Send the file as the body, with one of: ${SOUND_TYPES.join(', ')}.`,
          );
        const { file } = request.query;
        if (holdsCardNumber(file)) return sendProblem(reply, 'bad-request', "The file's name may hold a card number.");
        const key = { merchant, language, name };
        const put = await prompts.put(key, { name: file, bytes: request.body }, person.id);
        if (!put.ok) return sendProblem(reply, put.error.code, put.error.message);
        const lengthMs = put.value.own?.lengthMs ?? 0;
        const entry = {
          ...actorOf(personOf(request)),
          action: 'prompt-put',
          merchant,
          detail: { language, name, lengthMs },
        };
        await writeAudit(storage, entry, clock.now());
        return reply.code(200).send(shown(put.value));
      },
    );
  });
}

function shown({ own, ...prompt }: PromptFacts) {
  if (!own) return { ...prompt, own: null };
  const { fileName, lengthMs, uploadedBy, uploadedAt } = own;
  return { ...prompt, own: { fileName, lengthMs, uploadedBy, uploadedAt } };
}
