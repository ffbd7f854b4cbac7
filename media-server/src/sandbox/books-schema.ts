import type { DatabaseSync } from 'node:sqlite';

/** The books' tables, as numbered migrations: append, never edit. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE attempts (
    ref TEXT PRIMARY KEY,
    order_reference TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    brand TEXT NOT NULL,
    last_four TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('processing', 'approved', 'declined', 'reversed')),
    reason TEXT,
    receipt TEXT NOT NULL UNIQUE,
    -- when a slow one is approved
    due_at INTEGER,
    made_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    -- how often it was asked for with the same ref
    asked INTEGER NOT NULL DEFAULT 1
  ) STRICT;
  `,
  `
  ALTER TABLE attempts RENAME TO attempts_before;
  CREATE TABLE attempts (
    ref TEXT PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('charge', 'authorize', 'card-update', 'stored-charge')),
    -- our own name of the transaction
    transaction_name TEXT NOT NULL UNIQUE,
    member TEXT,
    order_reference TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    brand TEXT,
    last_four TEXT,
    -- how later requests about it are answered
    behaviour TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('prepared', 'processing', 'approved', 'declined', 'reversed')),
    reason TEXT,
    receipt TEXT NOT NULL UNIQUE,
    due_at INTEGER,
    made_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    asked INTEGER NOT NULL DEFAULT 1
  ) STRICT;
  INSERT INTO attempts (ref, purpose, transaction_name, order_reference, amount_minor, currency, brand, last_four, behaviour,
      status, reason, receipt, due_at, made_at, changed_at, asked)
    SELECT ref, 'charge', receipt, order_reference, amount_minor, currency, brand, last_four, 'approved',
      status, reason, receipt, due_at, made_at, changed_at, asked FROM attempts_before;
  DROP TABLE attempts_before;

  -- What was done with an attempt's money later.
  CREATE TABLE actions (
    ref TEXT PRIMARY KEY,
    action TEXT NOT NULL CHECK (action IN ('capture', 'void', 'refund')),
    of TEXT NOT NULL REFERENCES attempts (ref),
    amount_minor INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('approved', 'declined')),
    receipt TEXT NOT NULL UNIQUE,
    made_at INTEGER NOT NULL,
    asked INTEGER NOT NULL DEFAULT 1
  ) STRICT;

  CREATE TABLE cards (
    member TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    brand TEXT NOT NULL,
    last_four TEXT NOT NULL,
    behaviour TEXT NOT NULL,
    stored_at INTEGER NOT NULL
  ) STRICT;

  -- Every movement of money, from one account to another; the totals are their sums.
  CREATE TABLE entries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    attempt TEXT NOT NULL REFERENCES attempts (ref),
    kind TEXT NOT NULL CHECK (kind IN ('charge', 'hold', 'capture', 'void', 'refund', 'reverse')),
    debit TEXT NOT NULL CHECK (debit IN ('customer', 'held', 'merchant')),
    credit TEXT NOT NULL CHECK (credit IN ('customer', 'held', 'merchant')),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL
  ) STRICT;
  CREATE INDEX entries_attempt ON entries (attempt);
  CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;
  CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;
  INSERT INTO entries (at, attempt, kind, debit, credit, amount_minor, currency)
    SELECT changed_at, ref, 'charge', 'customer', 'merchant', amount_minor, currency FROM attempts WHERE status IN ('approved', 'reversed');
  INSERT INTO entries (at, attempt, kind, debit, credit, amount_minor, currency)
    SELECT changed_at, ref, 'reverse', 'merchant', 'customer', amount_minor, currency FROM attempts WHERE status = 'reversed';
  `,
];

/** @throws Error where a newer program wrote the books */
export function migrateBooks(db: DatabaseSync, file: string): void {
  const found = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
  if (found > MIGRATIONS.length) {
    throw new Error(`${file} has schema version ${found}; this program knows versions up to ${MIGRATIONS.length}`);
  }
  for (let version = found; version < MIGRATIONS.length; version++) {
    db.exec(`BEGIN IMMEDIATE; ${MIGRATIONS[version]}; PRAGMA user_version = ${version + 1}; COMMIT`);
  }
}
