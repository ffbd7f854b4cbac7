-- A ledger as the first version wrote it, with an attempt that hangs.
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
INSERT INTO payments (id, merchant, order_reference, purpose, amount_minor, currency, state, opened_at, changed_at)
  VALUES ('paymentaaaaaaaaaaaaaaaaaaa', 'merchantaaaaaaaaaaaaaaaaaa', 'A-1', 'charge', 100, 'JPY', 'asked', 1, 6);
INSERT INTO attempts (id, payment, merchant, order_reference, purpose, amount_minor, currency, gateway, gateway_reference, phase,
    reason, since, sent_at, lookups, version)
  VALUES ('attemptaaaaaaaaaaaaaaaaaaa', 'paymentaaaaaaaaaaaaaaaaaaa', 'merchantaaaaaaaaaaaaaaaaaa', 'A-1', 'charge', 100, 'JPY',
    'sandbox', 'referenceaaaaaaaaaaaaaaaaa', 'unknown', 'no-answer', 6, 5, 1, 2);
UPDATE payments SET attempt = 'attemptaaaaaaaaaaaaaaaaaaa';
INSERT INTO events (at, merchant, payment, attempt, event, phase)
  VALUES (1, 'merchantaaaaaaaaaaaaaaaaaa', 'paymentaaaaaaaaaaaaaaaaaaa', NULL, 'opened', NULL);
PRAGMA user_version = 1;
