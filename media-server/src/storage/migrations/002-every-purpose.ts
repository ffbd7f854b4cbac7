import { type ColumnDefinitionBuilder, sql } from 'kysely';
import { makeAppendOnly } from '../../sql/append-only.ts';
import type { Migration } from '../../sql/migrate.ts';

const required = (column: ColumnDefinitionBuilder) => column.notNull();
const none = (column: ColumnDefinitionBuilder) => column.notNull().defaultTo(0);
const to = (table: string) => (column: ColumnDefinitionBuilder) => column.notNull().references(`${table}.id`);
const perhapsTo = (table: string) => (column: ColumnDefinitionBuilder) => column.references(`${table}.id`);

/** Payments of every purpose, one-time codes, what a call's keys came by, where customers leave, prompts of merchants. */
export const everyPurpose: Migration = {
  version: 2,
  name: 'every purpose',
  async up(db) {
    const { schema } = db;

    await schema.alterTable('merchants').addColumn('gentle', 'integer', none).execute();
    await schema
      .alterTable('merchants')
      .addColumn('cards', 'integer', (column) => column.notNull().defaultTo(2))
      .execute();
    await schema.alterTable('merchants').addColumn('brands', 'text').execute();
    await schema.alterTable('merchants').addColumn('amountLimitMinor', 'bigint').execute();
    await schema.alterTable('merchants').addColumn('agentsTypePhones', 'integer', none).execute();
    await schema.alterTable('numbers').addColumn('language', 'text').execute();

    for (const name of ['keysNegotiated', 'keysEvent', 'keysTone', 'keysBoth', 'keysInfo']) {
      await schema.alterTable('calls').addColumn(name, 'integer', none).execute();
    }
    await schema.createIndex('calls_by_trunk').on('calls').columns(['trunk', 'startedAt']).execute();

    // An amount may be 0 now, which the table's first constraint forbids: SQLite drops none, so the table is made anew.
    await schema
      .createTable('paymentsAnew')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
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
      .addColumn('member', 'text')
      .addColumn('about', 'text')
      .addColumn('gentle', 'integer', none)
      .addColumn('declined', 'integer', none)
      .addColumn('cards', 'integer', (column) => column.notNull().defaultTo(1))
      .addCheckConstraint('payments_amount', sql`amount_minor >= 0`)
      .addCheckConstraint('payments_end', sql`(ended_at is null) = (outcome is null)`)
      .addCheckConstraint('payments_last_four', sql`last_four is null or length(last_four) = 4`)
      .addCheckConstraint(
        'payments_card',
        sql`coalesce(outcome, '') = 'approved' or (brand is null and last_four is null and receipt is null)`,
      )
      .execute();
    const kept = sql.raw(
      `id, organisation, merchant, call, person, api_key, purpose, reference, description, amount_minor, currency,
       language, outcome, reason, mistakes, brand, last_four, receipt, started_at, ended_at, acknowledged_at`,
    );
    await sql`insert into payments_anew (${kept}) select ${kept} from payments`.execute(db);
    await schema.dropTable('payments').execute();
    await schema.alterTable('paymentsAnew').renameTo('payments').execute();
    await schema.createIndex('payments_by_call').on('payments').columns(['call', 'id']).execute();
    await schema.createIndex('payments_by_merchant').on('payments').columns(['merchant', 'id']).execute();
    await schema.createIndex('payments_about').on('payments').column('about').execute();

    // One row for each time that a payment came to a step, written when the payment has ended.
    await schema
      .createTable('paymentSteps')
      .addColumn('payment', 'text', required)
      .addColumn('place', 'integer', required)
      .addColumn('merchant', 'text', to('merchants'))
      .addColumn('language', 'text', required)
      .addColumn('trunk', 'text')
      .addColumn('purpose', 'text', required)
      .addColumn('step', 'text', required)
      .addColumn('at', 'bigint', required)
      .addColumn('tookMs', 'integer', required)
      .addColumn('mistakes', 'integer', required)
      .addColumn('left', 'text', required)
      .addPrimaryKeyConstraint('payment_steps_key', ['payment', 'place'])
      .execute();
    await schema.createIndex('payment_steps_by_merchant').on('paymentSteps').columns(['merchant', 'at']).execute();

    await schema
      .createTable('members')
      .addColumn('merchant', 'text', to('merchants'))
      .addColumn('member', 'text', required)
      .addColumn('phone', 'text')
      .addColumn('language', 'text')
      .addColumn('gentle', 'integer', none)
      .addColumn('createdAt', 'bigint', required)
      .addColumn('changedAt', 'bigint', required)
      .addPrimaryKeyConstraint('members_key', ['merchant', 'member'])
      .execute();

    // What was sent to whom, for limits and for operators; the code itself is never written down.
    await schema
      .createTable('codeSends')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('merchant', 'text', to('merchants'))
      .addColumn('payment', 'text', required)
      .addColumn('person', 'text', perhapsTo('people'))
      .addColumn('phoneDigest', 'text', required)
      .addColumn('at', 'bigint', required)
      .addColumn('sender', 'text', required)
      .addColumn('result', 'text', required)
      .execute();
    await schema.createIndex('code_sends_by_phone').on('codeSends').columns(['phoneDigest', 'at']).execute();
    await schema.createIndex('code_sends_by_person').on('codeSends').columns(['person', 'at']).execute();
    await makeAppendOnly(db, 'codeSends');

    await schema
      .createTable('merchantPrompts')
      .addColumn('merchant', 'text', to('merchants'))
      .addColumn('language', 'text', required)
      .addColumn('name', 'text', required)
      .addColumn('ulaw', 'blob', required)
      .addColumn('fileName', 'text', required)
      .addColumn('lengthMs', 'integer', required)
      .addColumn('uploadedBy', 'text', perhapsTo('people'))
      .addColumn('uploadedAt', 'bigint', required)
      .addPrimaryKeyConstraint('merchant_prompts_key', ['merchant', 'language', 'name'])
      .execute();
  },
};
