import { type ColumnDefinitionBuilder, sql } from 'kysely';
import { makeAppendOnly } from '../../sql/append-only.ts';
import type { Migration } from '../../sql/migrate.ts';

const required = (column: ColumnDefinitionBuilder) => column.notNull();
const key = (column: ColumnDefinitionBuilder) => column.primaryKey().notNull();
const to = (table: string) => (column: ColumnDefinitionBuilder) => column.notNull().references(`${table}.id`);
const perhapsTo = (table: string) => (column: ColumnDefinitionBuilder) => column.references(`${table}.id`);

/** Organisation → merchants → memberships, and what belongs to them. */
export const beginnings: Migration = {
  version: 1,
  name: 'beginnings',
  async up(db) {
    const { schema } = db;
    await schema
      .createTable('organisations')
      .addColumn('id', 'text', key)
      .addColumn('name', 'text', required)
      .addColumn('createdAt', 'bigint', required)
      .execute();
    await schema
      .createTable('merchants')
      .addColumn('id', 'text', key)
      .addColumn('organisation', 'text', to('organisations'))
      .addColumn('name', 'text', required)
      .addColumn('timeZone', 'text', required)
      .addColumn('currency', 'text', required)
      .addColumn('language', 'text', required)
      .addColumn('createdAt', 'bigint', required)
      .execute();
    await schema
      .createTable('people')
      .addColumn('id', 'text', key)
      .addColumn('organisation', 'text', to('organisations'))
      .addColumn('name', 'text', (column) => column.notNull().unique())
      .addColumn('displayName', 'text', required)
      .addColumn('role', 'text', required)
      .addColumn('language', 'text', required)
      .addColumn('passwordHash', 'text', required)
      .addColumn('createdAt', 'bigint', required)
      .addColumn('disabledAt', 'bigint')
      .addCheckConstraint('people_role', sql`role in ('agent', 'supervisor', 'administrator')`)
      .execute();
    await schema
      .createTable('memberships')
      .addColumn('person', 'text', to('people'))
      .addColumn('merchant', 'text', to('merchants'))
      .addColumn('createdAt', 'bigint', required)
      .addPrimaryKeyConstraint('memberships_key', ['person', 'merchant'])
      .execute();
    await schema.createIndex('memberships_by_merchant').on('memberships').column('merchant').execute();
    await schema
      .createTable('numbers')
      .addColumn('id', 'text', key)
      .addColumn('merchant', 'text', to('merchants'))
      .addColumn('number', 'text', (column) => column.notNull().unique())
      .addColumn('trunk', 'text')
      .addColumn('createdAt', 'bigint', required)
      .execute();
    await schema.createIndex('numbers_by_merchant').on('numbers').column('merchant').execute();
    await schema
      .createTable('devices')
      .addColumn('id', 'text', key)
      .addColumn('organisation', 'text', to('organisations'))
      .addColumn('user', 'text', (column) => column.notNull().unique())
      .addColumn('realm', 'text', required)
      .addColumn('md5', 'text', required)
      .addColumn('sha256', 'text', required)
      .addColumn('mayRegister', 'integer', required)
      .addColumn('createdAt', 'bigint', required)
      .execute();
    await schema
      .createTable('calls')
      .addColumn('id', 'text', key)
      .addColumn('organisation', 'text', to('organisations'))
      .addColumn('merchant', 'text', to('merchants'))
      .addColumn('person', 'text', perhapsTo('people'))
      .addColumn('direction', 'text', required)
      .addColumn('trunk', 'text')
      .addColumn('number', 'text')
      .addColumn('displayName', 'text')
      .addColumn('called', 'text', required)
      .addColumn('startedAt', 'bigint', required)
      .addColumn('answeredAt', 'bigint')
      .addColumn('endedAt', 'bigint')
      .addColumn('end', 'text')
      .addColumn('codec', 'text')
      .addColumn('keysPossible', 'integer', required)
      .addCheckConstraint('calls_direction', sql`direction in ('in', 'out')`)
      .addCheckConstraint('calls_end', sql`(ended_at is null) = ("end" is null)`)
      .execute();
    await schema.createIndex('calls_by_person').on('calls').columns(['person', 'id']).execute();
    await schema.createIndex('calls_by_merchant').on('calls').columns(['merchant', 'id']).execute();
    await schema.createIndex('calls_live').on('calls').column('id').where(sql.ref('ended_at'), 'is', null).execute();
    await schema
      .createTable('apiKeys')
      .addColumn('id', 'text', key)
      .addColumn('organisation', 'text', to('organisations'))
      .addColumn('name', 'text', required)
      .addColumn('keyHash', 'text', (column) => column.notNull().unique())
      .addColumn('createdAt', 'bigint', required)
      .addColumn('revokedAt', 'bigint')
      .execute();
    await schema
      .createTable('apiKeyMerchants')
      .addColumn('apiKey', 'text', to('apiKeys'))
      .addColumn('merchant', 'text', to('merchants'))
      .addPrimaryKeyConstraint('api_key_merchants_key', ['apiKey', 'merchant'])
      .execute();
    await schema
      .createTable('payments')
      .addColumn('id', 'text', key)
      .addColumn('organisation', 'text', to('organisations'))
      .addColumn('merchant', 'text', to('merchants'))
      .addColumn('call', 'text', to('calls'))
      .addColumn('person', 'text', perhapsTo('people'))
      .addColumn('apiKey', 'text', perhapsTo('apiKeys'))
      .addColumn('purpose', 'text', required)
      .addColumn('reference', 'text', required)
      .addColumn('description', 'text')
      .addColumn('amountMinor', 'bigint', required)
      .addColumn('currency', 'text', required)
      .addColumn('language', 'text', required)
      .addColumn('outcome', 'text')
      .addColumn('reason', 'text')
      .addColumn('mistakes', 'integer', required)
      .addColumn('brand', 'text')
      .addColumn('lastFour', 'text')
      .addColumn('receipt', 'text')
      .addColumn('startedAt', 'bigint', required)
      .addColumn('endedAt', 'bigint')
      .addColumn('acknowledgedAt', 'bigint')
      .addCheckConstraint('payments_amount', sql`amount_minor > 0`)
      .addCheckConstraint('payments_end', sql`(ended_at is null) = (outcome is null)`)
      .addCheckConstraint('payments_last_four', sql`last_four is null or length(last_four) = 4`)
      .addCheckConstraint(
        'payments_card',
        sql`coalesce(outcome, '') = 'approved' or (brand is null and last_four is null and receipt is null)`,
      )
      .execute();
    await schema.createIndex('payments_by_call').on('payments').columns(['call', 'id']).execute();
    await schema.createIndex('payments_by_merchant').on('payments').columns(['merchant', 'id']).execute();
    await schema
      .createTable('sessions')
      .addColumn('id', 'text', key)
      .addColumn('tokenHash', 'text', (column) => column.notNull().unique())
      .addColumn('person', 'text', to('people'))
      .addColumn('createdAt', 'bigint', required)
      .addColumn('expiresAt', 'bigint', required)
      .execute();
    await schema.createIndex('sessions_by_expiry').on('sessions').column('expiresAt').execute();
    await schema
      .createTable('idempotencyKeys')
      .addColumn('scope', 'text', required)
      .addColumn('key', 'text', required)
      .addColumn('digest', 'text', required)
      .addColumn('status', 'integer', required)
      .addColumn('body', 'text', required)
      .addColumn('createdAt', 'bigint', required)
      .addColumn('expiresAt', 'bigint', required)
      .addPrimaryKeyConstraint('idempotency_keys_key', ['scope', 'key'])
      .execute();
    await schema.createIndex('idempotency_keys_by_expiry').on('idempotencyKeys').column('expiresAt').execute();
    await schema
      .createTable('audit')
      .addColumn('id', 'text', key)
      .addColumn('at', 'bigint', required)
      .addColumn('organisation', 'text')
      .addColumn('merchant', 'text')
      .addColumn('actorKind', 'text', required)
      .addColumn('actor', 'text')
      .addColumn('action', 'text', required)
      .addColumn('subject', 'text')
      .addColumn('detail', 'text', required)
      .execute();
    await schema.createIndex('audit_by_organisation').on('audit').columns(['organisation', 'id']).execute();
    await makeAppendOnly(db, 'audit');
  },
};
