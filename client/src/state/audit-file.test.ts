import { expect, test } from 'vitest';
import { anAuditEntry } from '../../test-server/scenes.ts';
import { auditTable } from './audit-file.ts';

test('a table has a row for each entry, with names where they are known and cells that no spreadsheet runs', () => {
  const rows = auditTable(
    [
      anAuditEntry(2, { actor: 'a', merchant: 'x', detail: { file: '=cmd()', name: 'a "b", c' } }),
      anAuditEntry(1, { actorKind: 'server', actor: null, merchant: null, detail: {} }),
    ],
    (id) => (id === 'a' ? '=Akira' : undefined),
    () => undefined,
  ).split('\r\n');
  expect(rows[0]).toBe('\ufeffnumber,time,who,who-id,kind,action,merchant,subject,detail');
  expect(rows[1]).toContain("2026-05-12T05:32:00.000Z,'=Akira,a,person,rules-put,x,,");
  expect(rows[1]).toContain('"file==cmd(); name=a ""b"", c"');
  expect(rows[2]).toBe('1,2026-05-12T05:31:00.000Z,,,server,rules-put,,,');
  expect(rows).toHaveLength(4);
});
