import type { DatabaseSync } from 'node:sqlite';
import { LIVE_PHASES } from './attempt.ts';

/**
 * The ledger's tables, as numbered migrations: append, never edit. No column can hold a card number, an expiry or a
 * security code; brand and last four digits are written with an approval only.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE payments (
    id TEXT PRIMARY KEY,
    merchant TEXT NOT NULL,
    leg TEXT,
    order_reference TEXT NOT NULL,
    purpose TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    -- open: the dialogue runs; asked: its result is that of its attempt; ended: it ended without one
    state TEXT NOT NULL CHECK (state IN ('open', 'asked', 'ended')),
    attempt TEXT REFERENCES attempts (id),
    outcome TEXT,
    reason TEXT,
    opened_at INTEGER NOT NULL,
    -- when the result last changed
    changed_at INTEGER NOT NULL,
    -- when somebody was told the result as it stands now
    told_at INTEGER
  ) STRICT;
  -- Two calls can't take the same order's money at once.
  CREATE UNIQUE INDEX payments_open ON payments (merchant, order_reference, purpose) WHERE state = 'open';
  CREATE INDEX payments_untold ON payments (changed_at) WHERE told_at IS NULL;

  CREATE TABLE attempts (
    id TEXT PRIMARY KEY,
    payment TEXT NOT NULL REFERENCES payments (id),
    merchant TEXT NOT NULL,
    order_reference TEXT NOT NULL,
    purpose TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    gateway TEXT NOT NULL,
    -- our own name of the attempt at the gateway, and the gateway's own of the transaction
    gateway_reference TEXT NOT NULL,
    receipt TEXT,
    brand TEXT,
    last_four TEXT,
    phase TEXT NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    sent_at INTEGER,
    lookups INTEGER NOT NULL,
    absent_since INTEGER,
    wake_at INTEGER,
    reversing_since INTEGER,
    version INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX attempts_reference ON attempts (merchant, gateway_reference);
  CREATE UNIQUE INDEX attempts_live ON attempts (merchant, order_reference, purpose)
    WHERE phase IN ('intended', 'sent', 'approved', 'unknown', 'reversing', 'manual');

  -- What happened, in order; for people and for finding out, never read back by the program.
  CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    merchant TEXT NOT NULL,
    payment TEXT NOT NULL,
    attempt TEXT,
    event TEXT NOT NULL,
    phase TEXT
  ) STRICT;
  CREATE INDEX events_payment ON events (payment);
  CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
  CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
  `,
];

/** The machine's live phases as SQL; the index `attempts_live` names the same (a test holds them together). */
export const LIVE = LIVE_PHASES.map((phase) => `'${phase}'`).join(', ');

/** This program's schema version. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Brings the schema to this program's version, each migration in a transaction of its own.
 * @returns the version found if it is newer than this program's, in which case nothing was changed
 */
export function migrate(db: DatabaseSync): number | undefined {
  const found = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
  if (found > SCHEMA_VERSION) return found;
  for (let version = found; version < SCHEMA_VERSION; version++) {
    db.exec(`BEGIN IMMEDIATE; ${MIGRATIONS[version]}; PRAGMA user_version = ${version + 1}; COMMIT`);
  }
  return undefined;
}
