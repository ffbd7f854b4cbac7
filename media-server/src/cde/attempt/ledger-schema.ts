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
  `
  ALTER TABLE payments ADD COLUMN member TEXT;
  -- of a capture, void or refund: the payment whose money it is about
  ALTER TABLE payments ADD COLUMN of_payment TEXT REFERENCES payments (id);
  -- 1 while its dialogue runs and may still ask the gateway: its order is taken, whatever its attempts came to
  ALTER TABLE payments ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
  UPDATE payments SET held = 1 WHERE state = 'open';
  DROP INDEX payments_open;
  -- Two calls can't take the same order's money at once, whichever of the ways to take money it is.
  CREATE UNIQUE INDEX payments_held ON payments (merchant, order_reference,
    CASE WHEN purpose IN ('charge', 'authorize', 'stored-charge') THEN 'money' ELSE purpose END) WHERE held = 1;
  CREATE INDEX payments_order ON payments (merchant, order_reference);

  ALTER TABLE attempts ADD COLUMN member TEXT;
  ALTER TABLE attempts ADD COLUMN of_payment TEXT REFERENCES payments (id);
  -- the gateway's own name of the transaction, durable before a card is sent where the gateway has two steps
  ALTER TABLE attempts ADD COLUMN gateway_transaction TEXT;
  ALTER TABLE attempts ADD COLUMN stored_card TEXT;
  ALTER TABLE attempts ADD COLUMN fingerprint TEXT;
  -- why it is manual, where not for want of answers
  ALTER TABLE attempts ADD COLUMN stuck TEXT;
  DROP INDEX attempts_live;
  CREATE UNIQUE INDEX attempts_live ON attempts (merchant, order_reference,
    CASE WHEN purpose IN ('charge', 'authorize', 'stored-charge') THEN 'money' ELSE purpose END)
    WHERE of_payment IS NULL AND phase IN ('intended', 'prepared', 'sent', 'approved', 'unknown', 'reversing', 'manual');
  -- One action at a time on a payment's money.
  CREATE UNIQUE INDEX attempts_action_live ON attempts (of_payment)
    WHERE of_payment IS NOT NULL AND phase IN ('intended', 'prepared', 'sent', 'approved', 'unknown', 'reversing', 'manual');
  CREATE INDEX attempts_of ON attempts (of_payment) WHERE of_payment IS NOT NULL;

  -- The card of a merchant's customer as the gateway has it: its name there, and what people recognise it by.
  CREATE TABLE stored_cards (
    merchant TEXT NOT NULL,
    member TEXT NOT NULL,
    gateway TEXT NOT NULL,
    stored_card TEXT,
    brand TEXT,
    last_four TEXT,
    fingerprint TEXT,
    attempt TEXT NOT NULL REFERENCES attempts (id),
    stored_at INTEGER NOT NULL,
    PRIMARY KEY (merchant, member)
  ) STRICT;

  -- From here on each event carries what was written, and the hash of that and of the event before it.
  ALTER TABLE events ADD COLUMN content TEXT;
  ALTER TABLE events ADD COLUMN hash TEXT;
  `,
];

/** The machine's live phases as SQL; the indexes of live attempts name the same (a test holds them together). */
export const LIVE = LIVE_PHASES.map((phase) => `'${phase}'`).join(', ');

/** Ways to take an order's money are one: while one of them is under way, no other begins. */
export const LANE = `CASE WHEN purpose IN ('charge', 'authorize', 'stored-charge') THEN 'money' ELSE purpose END`;

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
