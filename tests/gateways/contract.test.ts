import { beforeAll, describe, expect, test } from 'vitest';
import { ADAPTER } from './adapter-clauses.ts';
import { ASKING } from './asking-clauses.ts';
import { makeAuthorities } from './authorities.ts';
import { Description } from './description.ts';
import { MONEY } from './money-clauses.ts';
import { SUBJECTS } from './subjects.ts';
import type { Tls } from './wire.ts';
import { type Authorities, World, type Wrong } from './world.ts';

const CLAUSES = [...ASKING, ...MONEY, ...ADAPTER];
const NOBODY: Tls = { ca: '', cert: '', key: '' };
let authorities: Authorities;

beforeAll(async () => {
  authorities = await makeAuthorities();
});

describe.each(SUBJECTS)('$kind', (subject) => {
  const abilities = new World(subject, { trusted: NOBODY, other: NOBODY }).gatewayTo('https://localhost').abilities;
  const clauses = CLAUSES.filter(({ needs }) => needs?.(abilities) ?? true);

  let description: Description | undefined;
  beforeAll(async () => {
    if (subject.described) description = await Description.of(subject.described.file, subject.described.below);
  });

  async function run(clause: (typeof CLAUSES)[number], wrong?: Wrong): Promise<void> {
    const world = await new World(subject, authorities, wrong).open();
    try {
      await clause.run(world);
      // What it said and heard stands in the description: peer, adapter and description can't drift apart.
      if (!wrong) expect(await description?.faultsIn(world.wire.exchanges)).toEqual(description && []);
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
