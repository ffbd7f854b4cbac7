import { CamelCasePlugin, Kysely } from 'kysely';
import { sqliteDialect } from './sqlite-dialect.ts';

/** Where a database is. `file` may be `:memory:`, which is gone when it is closed. */
export interface DatabaseLocation {
  readonly kind: 'sqlite';
  readonly file: string;
}

/** A database of whatever tables, as they were at some version. */
// oxlint-disable-next-line typescript/no-explicit-any -- kysely has no other word for it
export type AnyDatabase = Kysely<any>;

/**
 * Opens a database. Columns are snake_case there and camelCase here. Tables keep to what every dialect has: ids and
 * words as text, times and money as bigint, flags as integer 0 or 1, JSON as text.
 */
export function openDatabase<Tables>(location: DatabaseLocation): Kysely<Tables> {
  return new Kysely<Tables>({
    dialect: sqliteDialect(location.file),
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  });
}
