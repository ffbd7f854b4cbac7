import type { AuditEntry } from '@tonegate/api-schema';

/** A name for an id, where one is known. */
export type NameOf = (id: string) => string | undefined;

const COLUMNS = ['number', 'time', 'who', 'who-id', 'kind', 'action', 'merchant', 'subject', 'detail'] as const;

/** Audit entries as a table for spreadsheets (RFC 4180), in the order given; times are UTC. */
export function auditTable(entries: readonly AuditEntry[], person: NameOf, merchant: NameOf): string {
  const rows = entries.map((entry) => [
    String(entry.number),
    new Date(entry.at).toISOString(),
    entry.actor === null ? '' : (person(entry.actor) ?? ''),
    entry.actor ?? '',
    entry.actorKind,
    entry.action,
    entry.merchant === null ? '' : (merchant(entry.merchant) ?? entry.merchant),
    entry.subject ?? '',
    Object.entries(entry.detail)
      .map(([name, value]) => `${name}=${value}`)
      .join('; '),
  ]);
  // Spreadsheets take a file without this mark for another alphabet than it is.
  return `\ufeff${[COLUMNS, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')}`;
}

function cell(text: string): string {
  // What begins like this is a formula to a spreadsheet, and some of the texts are typed by strangers.
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
