import { newId } from '../shared/ids.ts';
import type { Storage } from './storage.ts';
import type { AuditRow } from './tables.ts';

/** What the audit is told; what isn't named is null. `detail` holds plain facts, no secret and no card data. */
type AuditEntry = Pick<AuditRow, 'actorKind' | 'action'> &
  Partial<Pick<AuditRow, 'organisation' | 'merchant' | 'actor' | 'subject'>> & {
    detail?: Readonly<Record<string, string | number | boolean>>;
  };

/** Writes down who did what. The table takes nothing back: see its triggers. */
export async function writeAudit(storage: Storage, entry: AuditEntry, now: number): Promise<void> {
  const { detail = {}, ...facts } = entry;
  await storage
    .insertInto('audit')
    .values({
      organisation: null,
      merchant: null,
      actor: null,
      subject: null,
      ...facts,
      id: newId(now),
      at: now,
      detail: JSON.stringify(detail),
    })
    .execute();
}
