import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { Envelope } from './envelope.ts';

/** One version of a merchant's gateway. Versions count up for each merchant, and none is used twice. */
export interface Provision {
  readonly merchant: string;
  readonly version: number;
  /** The one that payments go to; the others only answer for what they were asked before. */
  readonly current: boolean;
  /** JSON of the settings without secrets. */
  readonly settings: string;
  /** Undefined where it isn't one any more. */
  readonly sealed: Envelope | undefined;
  /** UTC ms. */
  readonly testedAt: number;
  readonly tested: string;
}

const SCHEMA_VERSION = 1;
const SCHEMA = `
  CREATE TABLE provisions (
    merchant TEXT NOT NULL, version INTEGER NOT NULL, current INTEGER NOT NULL, settings TEXT NOT NULL,
    sealed TEXT NOT NULL, tested_at INTEGER NOT NULL, tested TEXT NOT NULL, PRIMARY KEY (merchant, version)
  ) STRICT;
  CREATE UNIQUE INDEX one_current ON provisions (merchant) WHERE current = 1;
  CREATE TABLE versions (merchant TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT;
  PRAGMA user_version = ${SCHEMA_VERSION}`;

const Row = z.object({
  merchant: z.string(),
  version: z.number(),
  current: z.number(),
  settings: z.string(),
  sealed: z.string(),
  tested_at: z.number(),
  tested: z.string(),
});

export function credentialsFile(ledgerFolder: string): string {
  return join(ledgerFolder, 'credentials.sqlite');
}

/**
 * Merchants' gateways on disk, their secrets sealed. Each write is whole and durable when it comes back; what is
 * deleted is overwritten. Writes block, and are an administrator's: a few a year.
 */
export class CredentialStore {
  readonly #db: DatabaseSync;

  /** @throws Error where the file can't be opened, or a newer program wrote it */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = credentialsFile(folder);
    this.#db = new DatabaseSync(file);
    try {
      chmodSync(file, 0o600);
      this.#db.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; PRAGMA secure_delete = ON');
      this.#db.exec('PRAGMA busy_timeout = 2000');
      const { user_version: version } = this.#db.prepare('PRAGMA user_version').get() ?? {};
      if (Number(version) > SCHEMA_VERSION) throw new Error(`${file} was written by a newer program`);
      if (version === 0) this.#atomically(() => this.#db.exec(SCHEMA));
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** All, of each merchant the oldest first. */
  all(): Provision[] {
    return this.#db.prepare('SELECT * FROM provisions ORDER BY merchant, version').all().map(provisionOf);
  }

  current(merchant: string): Provision | undefined {
    const row = this.#db.prepare('SELECT * FROM provisions WHERE merchant = ? AND current = 1').get(merchant);
    return row && provisionOf(row);
  }

  /** Puts a new version in the current one's place, which stays until `drop`. `make` gets its number. */
  put(merchant: string, make: (version: number) => Omit<Provision, 'merchant' | 'version' | 'current'>): Provision {
    return this.#atomically(() => {
      const last = this.#db.prepare('SELECT last FROM versions WHERE merchant = ?').get(merchant);
      const version = Number(last?.['last'] ?? 0) + 1;
      this.#db
        .prepare('INSERT INTO versions VALUES (?, ?) ON CONFLICT (merchant) DO UPDATE SET last = excluded.last')
        .run(merchant, version);
      const made = make(version);
      this.#db.prepare('UPDATE provisions SET current = 0 WHERE merchant = ?').run(merchant);
      this.#db
        .prepare('INSERT INTO provisions VALUES (?, ?, 1, ?, ?, ?, ?)')
        .run(merchant, version, made.settings, JSON.stringify(made.sealed), made.testedAt, made.tested);
      return { merchant, version, current: true, ...made };
    });
  }

  /** The merchant has no gateway of its own any more; what it had stays until `drop`. */
  unset(merchant: string): boolean {
    return Number(this.#db.prepare('UPDATE provisions SET current = 0 WHERE merchant = ?').run(merchant).changes) > 0;
  }

  drop(merchant: string, version: number): void {
    this.#db
      .prepare('DELETE FROM provisions WHERE merchant = ? AND version = ? AND current = 0')
      .run(merchant, version);
  }

  tested(merchant: string, version: number, at: number, result: string): void {
    this.#db
      .prepare('UPDATE provisions SET tested_at = ?, tested = ? WHERE merchant = ? AND version = ?')
      .run(at, result, merchant, version);
  }

  /** Writes envelopes in the place of others, all or none. */
  rewrap(changed: readonly { readonly provision: Provision; readonly sealed: Envelope }[]): void {
    this.#atomically(() => {
      const update = this.#db.prepare('UPDATE provisions SET sealed = ? WHERE merchant = ? AND version = ?');
      for (const { provision, sealed } of changed) {
        update.run(JSON.stringify(sealed), provision.merchant, provision.version);
      }
    });
  }

  close(): void {
    this.#db.close();
  }

  #atomically<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const done = work();
      this.#db.exec('COMMIT');
      return done;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }
}

function provisionOf(given: unknown): Provision {
  const { current, sealed, tested_at: testedAt, ...row } = Row.parse(given);
  return { ...row, current: current === 1, sealed: envelopeOf(sealed), testedAt };
}

function envelopeOf(text: string): Envelope | undefined {
  try {
    return Envelope.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
