import type { PaymentOpen } from '../contract.ts';
import type { CardDigits } from './gateway.ts';

const ASCII_ZERO = 0x30;

/**
 * The JSON body of a request that carries a card, in a Buffer with memory of its own (not of Node's pool), digits copied
 * byte by byte: no string ever holds them. Who takes it zeroes it.
 */
export function cardBody(order: PaymentOpen['order'], card: CardDigits): Buffer {
  const { amountMinor, currency, reference } = order;
  const head = JSON.stringify({ amountMinor, currency, order: reference }).slice(0, -1);
  const parts: (string | Buffer)[] = [
    `${head},"card":{"number":"`,
    card.number,
    '","expiry":"',
    card.expiry,
    '","securityCode":"',
    card.securityCode,
    '"}}',
  ];
  const length = parts.reduce(
    (sum, part) => sum + (typeof part === 'string' ? Buffer.byteLength(part) : part.length),
    0,
  );
  const body = Buffer.alloc(length);
  let at = 0;
  for (const part of parts) {
    if (typeof part === 'string') at += body.write(part, at);
    else for (const digit of part) body[at++] = ASCII_ZERO + digit;
  }
  return body;
}
