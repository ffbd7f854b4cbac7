import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aPrompt } from '../../test-server/scenes.ts';
import { byPart, partOf } from './prompt-groups.ts';

test('every ready prompt belongs to a part of the dialogue', () => {
  const folder = join(import.meta.dirname, '../../../media-server/src/cde/prompts');
  for (const language of ['ja', 'en']) {
    const names = readdirSync(join(folder, language)).filter((name) => name.endsWith('.ulaw'));
    expect(names.length).toBeGreaterThan(100);
    expect(names.map((name) => name.slice(0, -5)).filter((name) => partOf(name) === 'other')).toEqual([]);
  }
});

test('prompts stand in the order in which customers come to them; a part without any is left out', () => {
  const prompts = ['approved', 'n-100-yen', 'opening', 'language-2', 'strange'].map((name) => aPrompt(name, name));
  expect(byPart(prompts).map(({ part, prompts: held }) => [part, held.map(({ name }) => name)])).toEqual([
    ['opening', ['opening', 'language-2']],
    ['ending', ['approved']],
    ['numbers', ['n-100-yen']],
    ['other', ['strange']],
  ]);
});
