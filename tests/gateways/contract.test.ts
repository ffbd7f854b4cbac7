import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { devCa } from '../../media-server/src/shared/dev-ca.ts';
import { ADAPTER } from './adapter-clauses.ts';
import { ASKING } from './asking-clauses.ts';
import { MONEY } from './money-clauses.ts';
import { gmoIdPass } from './peers/gmo-idpass.ts';
import { gmoOpenApi } from './peers/gmo-openapi.ts';
import { http } from './peers/http.ts';
import { komoju } from './peers/komoju.ts';
import { sandbox } from './peers/sandbox.ts';
import { stripe } from './peers/stripe.ts';
import type { Tls } from './wire.ts';
import { type Authorities, World, type Wrong } from './world.ts';

const CLAUSES = [...ASKING, ...MONEY, ...ADAPTER];
const SUBJECTS = [sandbox, http, gmoOpenApi, gmoIdPass, stripe, komoju];
const NOBODY: Tls = { ca: '', cert: '', key: '' };
const folder = mkdtempSync(join(tmpdir(), 'gateways-'));
let authorities: Authorities;

beforeAll(async () => {
  authorities = { trusted: await tls('trusted'), other: await tls('other') };
});
afterAll(() => rmSync(folder, { recursive: true }));

async function tls(name: string): Promise<Tls> {
  const { caFile, certFile, keyFile } = await devCa(join(folder, name), ['127.0.0.1']);
  const [ca = '', cert = '', key = ''] = [caFile, certFile, keyFile].map((file) => readFileSync(file, 'utf8'));
  return { ca, cert, key };
}

describe.each(SUBJECTS)('$kind', (subject) => {
  const abilities = new World(subject, { trusted: NOBODY, other: NOBODY }).gatewayTo('https://localhost').abilities;
  const clauses = CLAUSES.filter(({ needs }) => needs?.(abilities) ?? true);

  async function run(clause: (typeof CLAUSES)[number], wrong?: Wrong): Promise<void> {
    const world = await new World(subject, authorities, wrong).open();
    try {
      await clause.run(world);
    } finally {
      await world.close();
    }
  }

  test.each(clauses)('$name', (clause) => run(clause));

  test.each(clauses)('where it is not so, it is found: $name', async (clause) => {
    // An expectation has to fail, not the world.
    await expect(run(clause, clause.wrong)).rejects.toMatchObject({ name: 'AssertionError' });
  });
});
