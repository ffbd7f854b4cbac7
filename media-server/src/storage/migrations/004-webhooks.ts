import type { ColumnDefinitionBuilder } from 'kysely';
import type { Migration } from '../../sql/migrate.ts';

const required = (column: ColumnDefinitionBuilder) => column.notNull();

/** Outcomes that merchants' systems are still to be told of. */
export const webhooks: Migration = {
  version: 4,
  name: 'webhooks',
  async up(db) {
    const { schema } = db;
    await schema
      .createTable('webhookEvents')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('merchant', 'text', (column) => column.notNull().references('merchants.id'))
      .addColumn('payment', 'text', required)
      .addColumn('at', 'bigint', required)
      .addColumn('tries', 'integer', required)
      .addColumn('nextAt', 'bigint', required)
      .execute();
    await schema.createIndex('webhook_events_by_merchant').on('webhookEvents').columns(['merchant', 'id']).execute();
  },
};
