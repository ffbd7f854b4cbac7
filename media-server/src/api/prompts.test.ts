import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../shared/ids.ts';
import { addMerchant, addOrganisation } from '../storage/merchants.ts';
import { TestApi } from './test-api.ts';

let api: TestApi;
beforeEach(async () => {
  api = await TestApi.open();
});
afterEach(() => api.close());

async function as(role: 'agent' | 'supervisor' | 'administrator'): Promise<Record<string, string>> {
  await api.storage.updateTable('people').set({ role }).where('id', '=', api.agent().id).execute();
  return { cookie: await api.cookie() };
}
const path = (rest = '') => `/v1/merchants/${api.demo.merchant}/prompts${rest}`;
const sound = Buffer.from('a recorded sound');

function put(headers: Record<string, string>, url: string, payload: Buffer | string, type = 'audio/wav') {
  return api.app.inject({ method: 'PUT', url, headers: { 'content-type': type, ...headers }, payload });
}

test('a supervisor replaces a prompt, hears it, and takes it back', async () => {
  const headers = await as('supervisor');
  const merchant = api.demo.merchant;
  const taken = await put(headers, path('/ja/card-number?file=number.wav'), sound);
  expect(taken.statusCode).toBe(200);
  const own = { fileName: 'number.wav', lengthMs: 32, uploadedBy: api.agent().id, uploadedAt: api.clock.now() };
  const shown = { language: 'ja', name: 'card-number', text: 'number in ja', lengthMs: 1000, own };
  expect(taken.json()).toEqual(shown);
  const key = { merchant, language: 'ja', name: 'card-number' };
  expect(api.promptCommands).toEqual([{ type: 'prompt-put', ...key, ulaw: sound.toString('base64') }]);
  const listed = await api.ask('GET', path(), { headers });
  expect(listed.json).toEqual({ prompts: [{ ...shown, language: 'en', text: 'number in en', own: null }, shown] });
  expect((await api.ask('GET', path('?language=en'), { headers })).json.prompts).toHaveLength(1);

  const heard = await api.app.inject({ url: path('/ja/card-number'), headers });
  expect(heard.headers['content-type']).toBe('audio/wav');
  expect(heard.rawPayload.toString('latin1', 0, 4)).toBe('RIFF');
  expect(heard.rawPayload.readUInt32LE(4)).toBe(heard.rawPayload.length - 8);
  expect(heard.rawPayload.readUInt16LE(20)).toBe(7);
  expect(heard.rawPayload.subarray(58)).toEqual(sound);

  expect((await api.ask('DELETE', path('/ja/card-number'), { headers, body: {} })).status).toBe(204);
  expect(api.promptCommands.at(-1)).toEqual({ type: 'prompt-drop', ...key });
  const ready = await api.app.inject({ url: path('/ja/card-number'), headers });
  expect(ready.rawPayload).toHaveLength(58 + 8000);
  expect((await api.ask('DELETE', path('/ja/card-number'), { headers, body: {} })).status).toBe(404);
  const audit = await api.storage.selectFrom('audit').select(['action', 'actor', 'merchant']).execute();
  expect(audit.filter(({ action }) => action.startsWith('prompt-'))).toEqual([
    { action: 'prompt-put', actor: api.agent().id, merchant },
    { action: 'prompt-drop', actor: api.agent().id, merchant },
  ]);
});

test('prompts are for supervisors and administrators of the merchant’s own organisation', async () => {
  const organisation = (await addOrganisation(api.storage, 'Others', 1)).id;
  const facts = { organisation, name: 'Other Foods', language: 'ja' } as const;
  const template = await api.storage.selectFrom('merchants').selectAll().executeTakeFirstOrThrow();
  const { id: _id, createdAt: _createdAt, ...like } = template;
  const other = await addMerchant(api.storage, { ...like, ...facts }, 1);
  const everywhere = async (headers: Record<string, string>, url: string) => [
    (await api.ask('GET', url, { headers })).status,
    (await api.ask('GET', `${url}/ja/card-number`, { headers })).status,
    (await put(headers, `${url}/ja/card-number`, sound)).statusCode,
    (await api.ask('DELETE', `${url}/ja/card-number`, { headers, body: {} })).status,
  ];
  expect(await everywhere(await as('agent'), path())).toEqual([403, 403, 403, 403]);
  expect(await everywhere({}, path())).toEqual([401, 401, 401, 401]);
  expect(await everywhere(api.bearer, path())).toEqual([403, 403, 403, 403]);
  expect(await everywhere(await as('administrator'), `/v1/merchants/${other.id}/prompts`)).toEqual([
    404, 404, 404, 404,
  ]);
  expect(await everywhere(await as('administrator'), `/v1/merchants/${newId()}/prompts`)).toEqual([404, 404, 404, 404]);
  expect(api.promptCommands).toEqual([]);
});

test('what can’t be a prompt is refused in words', async () => {
  const headers = await as('administrator');
  const refusal = async (answer: ReturnType<typeof put>) => {
    const { statusCode, json } = await answer;
    return [statusCode, json().code];
  };
  expect(await refusal(put(headers, path('/ja/card-number'), Buffer.from('short')))).toEqual([422, 'sound-unfit']);
  expect(await refusal(put(headers, path('/ja/no-such'), sound))).toEqual([404, 'not-found']);
  expect(await refusal(put(headers, path('/de/card-number'), sound))).toEqual([404, 'not-found']);
  expect(await refusal(put(headers, path('/ja/..%2Fcard'), sound))).toEqual([400, 'bad-request']);
  expect(await refusal(put(headers, path('/ja/card-number'), '{}', 'application/json'))).toEqual([415, 'bad-request']);
  expect((await put(headers, path('/ja/card-number'), sound, 'text/plain')).statusCode).toBe(415);
  const long = Buffer.alloc(9 * 1024 * 1024 + 1);
  expect((await put(headers, path('/ja/card-number'), long)).statusCode).toBe(413);
  expect(await refusal(put(headers, path('/ja/card-number?file=4242424242424242'), sound))).toEqual([
    400,
    'bad-request',
  ]);
  expect(api.promptCommands).toEqual([]);
});

test('a merchant’s prompts have limits: 20 minutes together', async () => {
  const headers = await as('administrator');
  const long = Buffer.alloc(700_000, 7);
  expect((await put(headers, path('/ja/card-number'), long)).statusCode).toBe(422);
  expect((await put(headers, path('/ja/card-number'), long.subarray(0, 500_000))).statusCode).toBe(200);
  const second = await put(headers, path('/en/card-number'), long.subarray(0, 200_000));
  expect([second.statusCode, second.json().message]).toEqual([422, expect.stringContaining('20 minutes')]);
  // In its own place a longer one counts alone.
  expect((await put(headers, path('/ja/card-number'), long.subarray(0, 590_000))).statusCode).toBe(200);
});
