import { beforeAll, describe, expect, test } from 'vitest';
import { makeAuthorities } from './authorities.ts';
import { Description } from './description.ts';
import { MockWorld } from './mock-world.ts';
import { casesOf } from './mocks/asked.ts';
import { GMO_OPENAPI } from './mocks/gmo-openapi.ts';
import { HTTP } from './mocks/http.ts';
import { gmoOpenApi } from './peers/gmo-openapi.ts';
import { http } from './peers/http.ts';
import type { Authorities } from './world.ts';

const MOCKED = [
  { subject: gmoOpenApi, cases: casesOf(GMO_OPENAPI), path: '/credit/charge', method: 'POST' },
  { subject: http, cases: casesOf(HTTP), path: '/pay/attempts/abcdefghijklmnopqrstuvwxyz', method: 'PUT' },
];
let authorities: Authorities;
beforeAll(async () => {
  authorities = await makeAuthorities();
});

describe.each(MOCKED)('$subject.kind, before a mock server of its description', ({ subject, cases, path, method }) => {
  let description: Description;
  beforeAll(async () => {
    description = await Description.of(subject.described?.file ?? '', subject.described?.below);
  });

  test('a request that is not as described is found', async () => {
    const headers = { 'content-type': 'application/json' };
    const { faults } = await description.mocked({ method, path, query: new URLSearchParams(), headers, body: '{}' });
    expect(faults.length).toBeGreaterThan(3);
  });

  test('each answer that the description shows is tried', () => {
    const name = ({ operation, status, example }: (typeof description.shown)[number]) =>
      `${operation} ${status} ${example}`;
    expect([...new Set(cases.map(name))].sort()).toEqual([...new Set(description.shown.map(name))].sort());
  });

  test.each(cases)(
    'what is sent is as described, and what comes back is understood: $operation $status $example',
    async ({ ask, is, beside, ...shown }) => {
      const world = await new MockWorld(subject, authorities, description, [shown, ...beside]).open();
      try {
        expect(await ask(world)).toEqual(is);
        expect(world.wire.requests.length).toBeGreaterThan(0);
        expect(world.faults).toEqual([]);
      } finally {
        await world.close();
      }
    },
  );
});
