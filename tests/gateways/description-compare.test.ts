import { expect, test } from 'vitest';
import { Description } from './description.ts';
import { differences } from './description-compare.ts';

const WHOLE = {
  type: 'object',
  required: ['amount', 'mode'],
  properties: {
    amount: { type: 'string', maxLength: 15 },
    mode: { type: 'string', enum: ['AUTH', 'CAPTURE'] },
    note: { type: 'object', required: ['text'], properties: { text: { type: 'string', pattern: '^[a-z]+$' } } },
  },
};
const { amount, mode, note } = WHOLE.properties;

async function compared(request: object, answer: object = WHOLE, status = '201'): Promise<string[]> {
  const described = (asked: object, answered: object, code: string) =>
    Description.of({
      openapi: '3.1.0',
      info: { title: 'x', version: '1' },
      paths: {
        '/pay': {
          post: {
            requestBody: { content: { 'application/json': { schema: asked } } },
            responses: { [code]: { description: 'x', content: { 'application/json': { schema: answered } } } },
          },
        },
      },
    });
  const [ours] = (await described(request, answer, status)).operations;
  const [theirs] = (await described(WHOLE, { anyOf: [{ type: 'string' }, WHOLE] }, '201')).operations;
  if (!ours || !theirs) throw new Error('a description has no operation');
  return differences(ours, theirs, new Set(['401']));
}

test('a part of a description differs from the whole in nothing that it says, or each difference is named', async () => {
  const asked = (properties: object, required = ['amount', 'mode']) => ({ type: 'object', required, properties });
  const of = (properties: object) => ({ type: 'object', properties });
  expect(await compared(asked({ amount, mode: { type: 'string', const: 'AUTH' } }))).toEqual([]);
  expect(await compared(WHOLE, of({ mode }))).toEqual([]);
  expect(await compared(WHOLE, WHOLE, '401')).toEqual([]);

  expect(await compared(asked({ amount, mode }, ['amount']))).toEqual(['post /pay request.mode: is required']);
  expect(await compared(asked({ amount, mode, colour: amount }))).toEqual(["post /pay request.colour: isn't there"]);
  expect(await compared(asked({ amount: { type: 'integer' }, mode }))).toEqual([
    'post /pay request.amount: is string, not integer',
    'post /pay request.amount: has 15 characters at most',
  ]);
  expect(await compared(asked({ amount, mode: { type: 'string', enum: ['AUTH', 'LATER'] } }))).toEqual([
    "post /pay request.mode: can't be LATER",
  ]);
  expect(await compared(asked({ amount, mode, note: of({ text: { type: 'string' } }) }))).toEqual([
    'post /pay request.note.text: has to match ^[a-z]+$',
    'post /pay request.note.text: is required',
  ]);
  expect(await compared(WHOLE, of({ mode: { type: 'string', enum: ['AUTH'] } }))).toEqual([
    'post /pay 201.mode: can be CAPTURE',
  ]);
  expect(await compared(WHOLE, of({ notes: note }))).toEqual(["post /pay 201.notes: isn't there"]);
  expect(await compared(WHOLE, WHOLE, '299')).toEqual(['post /pay: there is no answer 299']);
});
