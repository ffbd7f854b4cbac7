import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { ADAPTER } from './adapter-clauses.ts';
import { ASKING } from './asking-clauses.ts';
import { makeAuthorities } from './authorities.ts';
import { Description } from './description.ts';
import { differences } from './description-compare.ts';
import { MONEY } from './money-clauses.ts';
import { gmoOpenApi } from './peers/gmo-openapi.ts';
import { type Authorities, World } from './world.ts';

/** GMO-PG's own OpenAPI file: theirs, and not shipped. */
const FILE = process.env['GMO_OPENAPI'] ?? '';
const withTheirs = test.skipIf(FILE === '');
const WHY =
  FILE === '' ? ' [skipped: needs GMO_OPENAPI=<path of GMO-PG’s OpenAPI file>, which isn’t ours to ship]' : '';

/** An error's word and its status, as their text lists them: `|conflict|…|409|`. */
const ERROR_ROW = /\|([a-z_]+)\|[^|]*\|([45]\d\d)\|/g;

let authorities: Authorities;
let ours: Description;
let theirs: Description;
/** Statuses by word of error. */
let errors: Map<string, string>;

beforeAll(async () => {
  if (FILE === '') return;
  authorities = await makeAuthorities();
  ours = await Description.of(gmoOpenApi.described?.file ?? '');
  const text = readFileSync(FILE, 'utf8');
  theirs = await Description.of(JSON.parse(text, mended) as object);
  errors = new Map(Array.from(text.matchAll(ERROR_ROW), ([, word = '', status = '']) => [word, status]));
});

/**
 * Version 1.3.1 as it is can't be used: a pattern that is none lets everything through, forms that overlap exclude each
 * other, callbacks have no addresses. And fields that aren't theirs have to be found.
 */
function mended(key: string, value: unknown): unknown {
  if (key === 'callbacks') return undefined;
  if (key === 'pattern' && typeof value === 'string') return value.replaceAll('\\\\x', '\\x');
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const { oneOf, ...rest } = value as { oneOf?: unknown; type?: unknown; properties?: unknown };
  const closed = rest.type === 'object' && rest.properties !== undefined && !('additionalProperties' in rest);
  return { ...rest, ...(oneOf !== undefined && { anyOf: oneOf }), ...(closed && { additionalProperties: false }) };
}

withTheirs(`their description finds requests and answers that are wrong${WHY}`, async () => {
  const headers = { 'content-type': 'application/json', authorization: 'Basic eDp4' };
  const request = { method: 'POST', path: '/credit/charge', query: new URLSearchParams(), headers, body: '{}' };
  expect((await theirs.mocked(request)).faults).toHaveLength(4);
  const inquiry = { ...request, path: '/order/inquiry', body: '{"orderId":"a"}' };
  const answer = (orderReference: object) => [{ request: inquiry, reply: { status: 200, body: { orderReference } } }];
  expect(await theirs.faultsIn(answer({ status: 'CAPTURE' }))).toEqual([]);
  expect(await theirs.faultsIn(answer({ status: 'GONE' }))).not.toEqual([]);
  expect(await theirs.faultsIn(answer({ state: 'CAPTURE' }))).not.toEqual([]);
});

withTheirs(`all that ours says of paths, methods, fields, types and values, theirs says too${WHY}`, () => {
  const found = ours.operations.flatMap((operation) => {
    const { method, path } = operation;
    const whole = theirs.operations.find((one) => one.method === method && one.path === path);
    return whole ? differences(operation, whole, new Set(errors.values())) : [`${method} ${path}: isn't there`];
  });
  expect(found).toEqual([]);
});

withTheirs(`the errors that ours shows are in their list, each under its status${WHY}`, () => {
  const shown = ours.operations.flatMap(({ responses }) =>
    responses.flatMap(({ code, contents = [] }) =>
      contents.flatMap(({ examples = [] }) =>
        examples.flatMap((example) => {
          const { title } = ('value' in example ? example.value : {}) as { title?: string };
          return title === undefined ? [] : [`${code} ${title}`];
        }),
      ),
    ),
  );
  const listed = Array.from(errors, ([word, status]) => `${status} ${word}`);
  expect(shown.length).toBeGreaterThan(20);
  expect([...new Set(shown)].filter((one) => !listed.includes(one))).toEqual([]);
});

withTheirs(
  `every request of the adapter, and every answer of the peer that proves it, is as they describe it${WHY}`,
  async () => {
    let exchanges = 0;
    for (const clause of [...ASKING, ...MONEY, ...ADAPTER]) {
      const world = await new World(gmoOpenApi, authorities).open();
      try {
        if (!(clause.needs?.(world.gateway.abilities) ?? true)) continue;
        await clause.run(world);
        // What they say of such answers stands in their text alone.
        const apart = new Set(['401', '403', '404', '405', '415', '429', '503']);
        const all = world.wire.exchanges.map(({ request, reply }) =>
          reply && !apart.has(String(reply.status)) ? { request, reply } : { request },
        );
        exchanges += all.length;
        expect(await theirs.faultsIn(all), clause.name).toEqual([]);
      } finally {
        await world.close();
      }
    }
    expect(exchanges).toBeGreaterThan(100);
  },
);
