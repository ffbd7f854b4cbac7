import { createHmac, timingSafeEqual } from 'node:crypto';
import { digitBuffer } from '../digit-buffers.ts';
import type { FieldRules } from './ask.ts';

const CODE_LENGTH = 6;
/** Wrong codes in one dialogue, whichever code they were compared with. */
export const CODE_TRIES = 3;
/** How long the server may take to send a code, ms. */
export const SENDING_MS = 30_000;
/** How often the customer may have another one sent. */
export const CODES_AGAIN = 3;

/** A one-time code that was asked for or sent. What it is isn't known here, only its digest. */
export interface OneTimeCode {
  /** Since when one is awaited, ms. */
  wantedAt: number | undefined;
  /** How often the customer asked for another. */
  again: number;
  wrong: number;
  sent: { readonly salt: Buffer; readonly digest: Buffer; readonly until: number } | undefined;
}

export function noCode(): OneTimeCode {
  return { wantedAt: undefined, again: 0, wrong: 0, sent: undefined };
}

/** The digest of a code that was sent; an earlier code is good no more. `salt` and `digest` in hex, `until` in ms. */
export function codeSent(code: OneTimeCode, salt: string, digest: string, until: number): void {
  forgetCode(code);
  code.wantedAt = undefined;
  code.sent = { salt: Buffer.from(salt, 'hex'), digest: Buffer.from(digest, 'hex'), until };
}

/** A code is used once; nothing of it stays. */
export function forgetCode(code: OneTimeCode): void {
  code.sent?.salt.fill(0);
  code.sent?.digest.fill(0);
  code.sent = undefined;
}

/**
 * How six digits (one byte each) stand to the code that was sent. HMAC-SHA-256 over their ASCII bytes, its key the salt's
 * bytes; compared in constant time.
 */
export function checkCode(
  code: OneTimeCode,
  digits: Buffer,
  count: number,
  now: number,
): 'right' | 'wrong' | 'expired' | 'awaited' {
  const { sent, wantedAt } = code;
  if (sent && now < sent.until) {
    const keyed = digitBuffer(count);
    for (let i = 0; i < count; i++) keyed[i] = 0x30 + (digits[i] ?? 0);
    const digest = createHmac('sha256', sent.salt).update(keyed).digest();
    keyed.fill(0);
    const same = digest.length === sent.digest.length && timingSafeEqual(digest, sent.digest);
    digest.fill(0);
    if (same) return 'right';
  }
  // The one that is on its way may be on the customer's screen already.
  if (wantedAt !== undefined) return 'awaited';
  return sent && now < sent.until ? 'wrong' : 'expired';
}

/** Six digits that came by message. */
export const oneTimeCode: FieldRules = {
  name: 'one-time-code',
  ask: ({ awaitsCode }) => (awaitsCode ? ['sending-code'] : ['one-time-code']),
  limit: () => CODE_LENGTH,
  of: () => CODE_LENGTH,
  judge(context, digits, count) {
    if (count < CODE_LENGTH) return { is: 'unfinished', mistake: 'too-short' };
    const state = context.checkCode(digits, count);
    if (state === 'right') return { is: 'complete' };
    if (state === 'awaited') return { is: 'unfinished', mistake: 'code-wrong' };
    return { is: 'wrong', mistake: state === 'wrong' ? 'code-wrong' : 'code-expired' };
  },
  restMs: 1500,
  awaits: ({ awaitsCode }) => awaitsCode,
};
