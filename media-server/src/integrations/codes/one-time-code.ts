import { createHmac, randomBytes, randomInt } from 'node:crypto';
import { Secret } from '../../shared/secret.ts';

/** A new code and what proves it: without the code's six digits salt and digest say nothing of use. */
export interface OneTimeCode {
  readonly code: Secret;
  /** 16 bytes, hex. */
  readonly salt: string;
  /** HMAC-SHA-256 of the code's six ASCII digits, its key the salt's bytes; hex. */
  readonly digest: string;
}

export function newOneTimeCode(): OneTimeCode {
  const code = String(randomInt(1_000_000)).padStart(6, '0');
  const salt = randomBytes(16);
  return {
    code: new Secret(code),
    salt: salt.toString('hex'),
    digest: createHmac('sha256', salt).update(code, 'ascii').digest('hex'),
  };
}
