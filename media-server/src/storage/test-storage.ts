import { generateKeyPairSync } from 'node:crypto';
import type { Id } from '../shared/ids.ts';
import { newId } from '../shared/ids.ts';
import { RecordSigner } from '../shared/signed-chain.ts';
import { openStorage, type Storage } from './storage.ts';
import type { CallRow } from './tables.ts';

/** A storage for tests that is gone when it is closed. */
export async function memoryStorage(now = 0): Promise<Storage> {
  const opened = await openStorage({ kind: 'sqlite', file: ':memory:' }, now);
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

/** A running incoming call's row, for tests. */
export function callRow(of: { organisation: Id; merchant: Id }, facts: Partial<CallRow> = {}): CallRow {
  return {
    id: newId(),
    organisation: of.organisation,
    merchant: of.merchant,
    person: null,
    direction: 'in',
    trunk: 'demo',
    number: '+819011112222',
    displayName: null,
    called: '+81312345678',
    startedAt: 1000,
    answeredAt: null,
    endedAt: null,
    end: null,
    codec: null,
    keysPossible: 1,
    keysNegotiated: 0,
    keysEvent: 0,
    keysTone: 0,
    keysBoth: 0,
    keysInfo: 0,
    ...facts,
  };
}

/** A signer of its own, for tests. */
export function testSigner(): RecordSigner {
  return new RecordSigner(
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );
}
