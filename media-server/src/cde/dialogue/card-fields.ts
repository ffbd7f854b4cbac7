import type { Brand } from '../contract.ts';

/**
 * A keyed card on its way to the gateway. One byte per digit, valued 0–9, each buffer of exactly its length and over an
 * `ArrayBuffer` of its own, so that it can be transferred to another thread instead of copied.
 */
export interface CardFields {
  readonly number: Buffer;
  /** MMYY. */
  readonly expiry: Buffer;
  readonly securityCode: Buffer;
  readonly brand: Brand;
  /** Zeroes all three; may be called more than once. */
  wipe(): void;
}

export function cardFields(number: Buffer, expiry: Buffer, securityCode: Buffer, brand: Brand): CardFields {
  return {
    number,
    expiry,
    securityCode,
    brand,
    wipe() {
      number.fill(0);
      expiry.fill(0);
      securityCode.fill(0);
    },
  };
}
