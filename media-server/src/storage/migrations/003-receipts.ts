import type { ColumnDefinitionBuilder } from 'kysely';
import { makeAppendOnly } from '../../sql/append-only.ts';
import type { Migration } from '../../sql/migrate.ts';

const required = (column: ColumnDefinitionBuilder) => column.notNull();
const to = (table: string) => (column: ColumnDefinitionBuilder) => column.notNull().references(`${table}.id`);

/** Receipts of silence, and an audit whose rows are chained. */
export const receipts: Migration = {
  version: 3,
  name: 'receipts',
  async up(db) {
    const { schema } = db;
    await schema
      .createTable('receipts')
      .addColumn('merchant', 'text', to('merchants'))
      .addColumn('number', 'integer', required)
      .addColumn('payment', 'text', (column) => column.notNull().unique())
      .addColumn('at', 'bigint', required)
      .addColumn('record', 'text', required)
      .addColumn('digest', 'text', required)
      .addColumn('signature', 'text', required)
      .addPrimaryKeyConstraint('receipts_key', ['merchant', 'number'])
      .execute();
    await makeAppendOnly(db, 'receipts');

    // Rows from before are without a number: the chain begins after them.
    await schema.alterTable('audit').addColumn('number', 'integer').execute();
    await schema.alterTable('audit').addColumn('previous', 'text').execute();
    await schema.alterTable('audit').addColumn('digest', 'text').execute();
    await schema.createIndex('audit_by_number').unique().on('audit').column('number').execute();
  },
};
