import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type AnyDatabase, openDatabase } from '../../sql/database.ts';
import { migrate } from '../../sql/migrate.ts';
import { openStorage } from '../storage.ts';
import { beginnings } from './001-beginnings.ts';

test('payments of the first version are kept, and no card data can stand beside another outcome than approved', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'migration-'));
  const file = join(folder, 'storage.sqlite');
  const before: AnyDatabase = openDatabase({ kind: 'sqlite', file });
  await migrate(before, [beginnings], 1);
  const organisation = { id: 'o', name: 'O', createdAt: 1 };
  const merchant = {
    id: 'm',
    organisation: 'o',
    name: 'M',
    timeZone: 'UTC',
    currency: 'JPY',
    language: 'ja',
    createdAt: 1,
  };
  const call = {
    id: 'c',
    organisation: 'o',
    merchant: 'm',
    direction: 'in',
    called: '+8131',
    startedAt: 1,
    keysPossible: 1,
  };
  const payment = {
    id: 'p',
    organisation: 'o',
    merchant: 'm',
    call: 'c',
    purpose: 'charge',
    reference: 'A-1',
    amountMinor: 500,
    currency: 'JPY',
    language: 'ja',
    outcome: 'approved',
    reason: 'none',
    mistakes: 1,
    lastFour: '4242',
    startedAt: 2,
    endedAt: 3,
  };
  await before.insertInto('organisations').values(organisation).execute();
  await before.insertInto('merchants').values(merchant).execute();
  await before.insertInto('calls').values(call).execute();
  await before.insertInto('payments').values(payment).execute();
  await before.destroy();

  const opened = await openStorage({ kind: 'sqlite', file }, 4);
  if (!opened.ok) throw new Error(opened.error.message);
  const storage = opened.value;
  const rows = await storage.selectFrom('payments').selectAll().execute();
  expect(rows).toEqual([expect.objectContaining({ ...payment, member: null, about: null, gentle: 0, cards: 1 })]);
  expect(await storage.selectFrom('merchants').select(['cards', 'gentle']).execute()).toEqual([
    { cards: 2, gentle: 0 },
  ]);
  await expect(storage.updateTable('payments').set({ outcome: 'declined' }).execute()).rejects.toThrow(/payments_card/);
  await expect(storage.updateTable('payments').set({ amountMinor: -1 }).execute()).rejects.toThrow(/payments_amount/);
  await storage.destroy();
  rmSync(folder, { recursive: true });
});
