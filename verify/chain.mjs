// The rules of a chain of receipts, once more and apart from the server that writes it: whoever checks a chain mustn't
// have to believe its writer. No package is needed; Node 20 or later.
import { createHash, createPublicKey, verify } from 'node:crypto';

const DOMAIN = 'tonegate-receipt-v1\n';
const NO_DIGEST = '0'.repeat(64);

/**
 * @typedef {{ record: Record<string, unknown>, signature: string }} Receipt
 * @typedef {{ merchant: string, number: number, digest: string, at: number, signature: string }} Head
 * @typedef {{ at: number, what: string }} Finding  `at`: place in the file, from 1
 * @typedef {{ key: string, receipts: number, first: number | null, last: number | null, digest: string | null, endedAt: number | null, findings: Finding[] }} Verdict
 */

/**
 * JSON with sorted names and without spaces (RFC 8785, for strings, safe integers, booleans and null only).
 * @param {unknown} value
 * @returns {string}
 */
export function canonical(value) {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new TypeError('a number is no safe integer');
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const record = /** @type {Record<string, unknown>} */ (value);
  const names = Object.keys(record).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(record[name])}`).join(',')}}`;
}

/**
 * Checks receipts in the order in which they stand in the file.
 * @param {readonly Receipt[]} receipts
 * @param {string} publicKey PEM, Ed25519
 * @param {Head | null} head the chain's end as the server signed it; null: it isn't in the file
 * @returns {Verdict}
 */
export function checkChain(receipts, publicKey, head) {
  const key = createPublicKey(publicKey);
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('the public key is no Ed25519 key');
  const keyId = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
  /** @type {Finding[]} */
  const findings = [];
  /** @type {{ number: number, digest: string, merchant: unknown } | null} */
  let before = null;
  let first = null;
  receipts.forEach(({ record, signature }, index) => {
    const at = index + 1;
    const found = (/** @type {string} */ what) => findings.push({ at, what });
    const number = record?.['number'];
    if (typeof number !== 'number' || typeof signature !== 'string') {
      found('is no receipt');
      return;
    }
    let bytes;
    try {
      bytes = canonical(record);
    } catch {
      found(`receipt ${number} holds what no receipt holds`);
      return;
    }
    if (record['version'] !== 1) found(`receipt ${number} is of a version that this program doesn't know`);
    if (record['key'] !== keyId) found(`receipt ${number} was signed by another key (${String(record['key'])})`);
    else if (!verify(null, Buffer.from(DOMAIN + bytes), key, Buffer.from(signature, 'base64url'))) {
      found(`receipt ${number} was changed: its signature doesn't fit`);
    }
    if (before === null) {
      first = number;
      if (number === 1 && record['previous'] !== NO_DIGEST) found('the first receipt names one before it');
    } else {
      if (record['merchant'] !== before.merchant) found(`receipt ${number} is another merchant's`);
      if (number <= before.number) found(`receipt ${number} stands after ${before.number}: the order was changed`);
      else if (number !== before.number + 1) {
        found(
          `missing: ${number === before.number + 2 ? `receipt ${number - 1}` : `receipts ${before.number + 1} to ${number - 1}`}`,
        );
      } else if (record['previous'] !== before.digest) found(`receipt ${number} doesn't follow the one before it`);
    }
    const leak = passed(record);
    if (leak) found(`receipt ${number} itself says that packets passed: ${leak}`);
    before = { number, digest: createHash('sha256').update(bytes).digest('hex'), merchant: record['merchant'] };
  });
  const last = /** @type {{ number: number, digest: string, merchant: unknown } | null} */ (before);
  if (head) {
    const found = (/** @type {string} */ what) => findings.push({ at: receipts.length, what });
    const { signature, merchant, number, digest, at } = head;
    const bytes = canonical({ merchant, number, digest, at, kind: 'receipts-head' });
    if (
      typeof signature !== 'string' ||
      !verify(null, Buffer.from(DOMAIN + bytes), key, Buffer.from(signature, 'base64url'))
    )
      found("the chain's end was changed: its signature doesn't fit");
    if (last === null || last.number !== number || last.digest !== digest)
      found(`the chain ends with receipt ${number}, this file doesn't`);
    else if (last.merchant !== merchant) found("the chain's end is another merchant's");
  }
  return {
    key: keyId,
    receipts: receipts.length,
    first,
    last: last?.number ?? null,
    digest: last?.digest ?? null,
    endedAt: head?.at ?? null,
    findings,
  };
}

/**
 * A whole and true receipt can still tell of a leak.
 * @param {Record<string, unknown>} record
 */
function passed(record) {
  const forwarded = /** @type {Record<string, unknown>} */ (record['forwarded'] ?? {});
  return Object.entries(forwarded)
    .filter(([, count]) => typeof count === 'number' && count > 0)
    .map(([way, count]) => `${way} ${String(count)}`)
    .join(', ');
}
