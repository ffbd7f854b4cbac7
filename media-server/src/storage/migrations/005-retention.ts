import { type ColumnDefinitionBuilder, sql } from 'kysely';
import type { Migration } from '../../sql/migrate.ts';

const required = (column: ColumnDefinitionBuilder) => column.notNull();

/** Where the audit's chain begins once its older rows were erased, and what erasing looks for. */
export const retention: Migration = {
  version: 5,
  name: 'retention',
  async up(db) {
    const { schema } = db;
    await schema
      .createTable('auditCheckpoints')
      .addColumn('number', 'integer', (column) => column.primaryKey().notNull())
      .addColumn('digest', 'text', required)
      .addColumn('at', 'bigint', required)
      .addColumn('signature', 'text', required)
      .execute();
    // The last checkpoint is what the chain stands on: only those before it may go.
    await sql`create trigger audit_checkpoints_no_update before update on audit_checkpoints
      begin select raise(abort, 'append-only'); end`.execute(db);
    await sql`create trigger audit_checkpoints_no_delete before delete on audit_checkpoints
      when old.number = (select max(number) from audit_checkpoints)
      begin select raise(abort, 'append-only'); end`.execute(db);
    // Rows without a number are from before there was a chain.
    await sql`drop trigger audit_no_delete`.execute(db);
    await sql`create trigger audit_no_delete before delete on audit
      when coalesce(old.number, 0) > coalesce((select max(number) from audit_checkpoints), -1)
      begin select raise(abort, 'append-only'); end`.execute(db);

    await schema.createIndex('payments_by_end').on('payments').column('endedAt').execute();
    await schema.createIndex('calls_by_end').on('calls').column('endedAt').execute();
  },
};
