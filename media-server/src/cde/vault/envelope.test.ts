import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Envelope, open, type Place, rewrap, seal } from './envelope.ts';
import { keyFileText, newKey } from './key-file.ts';
import { KeyRing } from './key-ring.ts';

const PLACE: Place = {
  merchant: 'a'.repeat(26),
  record: 'gateway',
  field: 'credentials',
  version: 3,
  beside: 'digest',
};
const SECRET = 'a merchant’s secret key';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vault-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function ring(...keys: ReturnType<typeof newKey>[]): KeyRing {
  const file = join(folder, 'kek.json');
  writeFileSync(file, keyFileText({ keys }), { mode: 0o600 });
  return KeyRing.open(file, false);
}

function opened(keys: KeyRing, sealed: Envelope, place = PLACE): string {
  const plain = open(keys, place, sealed);
  return plain.ok ? plain.value.toString() : plain.error;
}

test('what was sealed opens where it belongs, and nothing of it stands in the envelope', () => {
  const keys = ring(newKey());
  const sealed = seal(keys, PLACE, Buffer.from(SECRET));
  expect(opened(keys, sealed)).toBe(SECRET);
  expect(JSON.stringify(sealed)).not.toContain(SECRET);
  expect(seal(keys, PLACE, Buffer.from(SECRET)).ct).not.toBe(sealed.ct);
});

test('an envelope in another’s place doesn’t open: merchant, record, field, version, the settings beside it', () => {
  const keys = ring(newKey());
  const sealed = seal(keys, PLACE, Buffer.from(SECRET));
  const places: Partial<Place>[] = [
    { merchant: 'b'.repeat(26) },
    { record: 'other' },
    { field: 'other' },
    { version: 4 },
    { beside: 'other' },
  ];
  for (const change of places) expect(opened(keys, sealed, { ...PLACE, ...change })).toBe('not-authentic');
});

test('one changed byte anywhere, or a part of another envelope, and it doesn’t open', () => {
  const keys = ring(newKey());
  const sealed = seal(keys, PLACE, Buffer.from(SECRET));
  const other = seal(keys, PLACE, Buffer.from(SECRET));
  for (const part of ['iv', 'dek', 'ct', 'tag'] as const) {
    const bytes = Buffer.from(sealed[part], 'base64');
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    expect(opened(keys, { ...sealed, [part]: bytes.toString('base64') })).toBe('not-authentic');
    expect(opened(keys, { ...sealed, [part]: other[part] })).toBe('not-authentic');
    expect(opened(keys, { ...sealed, [part]: '' })).toBe('not-authentic');
  }
});

test('a rotation wraps anew under the new key, and the old one is needed no more', () => {
  const [old, fresh] = [newKey(), newKey()];
  const sealed = seal(ring(old), PLACE, Buffer.from(SECRET));
  const both = ring(fresh, old);
  expect(opened(both, sealed)).toBe(SECRET);
  const wrapped = rewrap(both, PLACE, sealed);
  if (!wrapped.ok) throw new Error(wrapped.error);
  expect(wrapped.value).toMatchObject({ kid: fresh.id, ct: sealed.ct });
  expect(opened(ring(fresh), wrapped.value)).toBe(SECRET);
  expect(opened(ring(fresh), sealed)).toBe('no-key');
  expect(rewrap(ring(fresh), PLACE, sealed)).toEqual({ ok: false, error: 'no-key' });
  // Another key of the same name is another key.
  expect(opened(ring({ ...newKey(), id: old.id }), sealed)).toBe('not-authentic');
});

test('the key file is made for its owner alone, found again, and refused where others may read it or it doesn’t fit', () => {
  const file = join(folder, 'made.json');
  expect(() => KeyRing.open(file, false)).toThrow(/made.json isn't there/);
  const made = KeyRing.open(file, true);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(KeyRing.open(file, true).newest).toEqual(made.newest);
  const { id, key } = newKey();
  writeFileSync(join(folder, 'open.json'), keyFileText({ keys: [{ id, key }] }), { mode: 0o644 });
  expect(() => KeyRing.open(join(folder, 'open.json'), false)).toThrow(/chmod 600/);
  const twice = join(folder, 'twice.json');
  writeFileSync(
    twice,
    JSON.stringify({
      keys: [
        { id, key },
        { id, key: key.slice(4) },
      ],
    }),
    { mode: 0o600 },
  );
  const refused = () => KeyRing.open(twice, false);
  expect(refused).toThrow(/doesn't fit at/);
  expect(refused).not.toThrow(key.slice(4, 12));
});
