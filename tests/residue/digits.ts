// How a card number's digits can be written: any twelve of them in order, as text, as text of two bytes a letter, a byte or
// half a byte a digit, in hexadecimal, in Base64, or at a fixed distance.

/** Digits in a row that count as a find: fewer than a brand's shortest number, more than what may be shown of one. */
export const WINDOW = 12;

/** With fewer different digits than this, bytes that mean something else look the same: such are looked for as text only. */
const DIFFERENT_ENOUGH = 4;
/** With this in it, nothing but the whole number is looked for, as text and as BCD. */
const ZEROS = '000000';

/** How digits are written one after the other; the planted ones are made by this, too. */
export const SHAPES: Readonly<Record<string, (digits: string) => Buffer>> = {
  ASCII: (digits) => Buffer.from(digits, 'latin1'),
  'UTF-16LE': (digits) => Buffer.from(digits, 'utf16le'),
  'UTF-16BE': (digits) => Buffer.from(digits, 'utf16le').swap16(),
  BCD: (digits) => Buffer.from(Array.from(digits, Number)),
  packed: (digits) => Buffer.from(evenly(digits), 'hex'),
  'packed, swapped': (digits) => Buffer.from(evenly(digits).replace(/(.)(.)/g, '$2$1'), 'hex'),
  hex: (digits) => Buffer.from(Buffer.from(digits, 'latin1').toString('hex'), 'latin1'),
};
/** These are found by following the digits, at a distance of one or two bytes. */
const FOLLOWED = ['ASCII', 'UTF-16LE', 'UTF-16BE', 'BCD'];

function evenly(digits: string): string {
  return digits.slice(0, digits.length - (digits.length % 2));
}

/** Half a byte a digit, zeros and repeats are what much else looks like. */
function unlikeOthers(bytes: Buffer): boolean {
  return new Set(bytes.filter((byte) => byte !== 0)).size >= DIFFERENT_ENOUGH;
}

function different(digits: string): number {
  return new Set(digits).size;
}

/** What `search.c` looks for of these numbers, each a card by its place in the list. */
export function searchOrders(numbers: readonly string[]): string {
  const orders = new Set<string>();
  numbers.forEach((number, card) => {
    const bytes = (label: string, pattern: Buffer) =>
      orders.add(`bytes ${card} ${label.replaceAll(' ', '_')} ${pattern.toString('hex')}`);
    let followed = false;
    let asText = false;
    for (let at = 0; at + WINDOW <= number.length; at++) {
      const digits = number.slice(at, at + WINDOW);
      if (different(digits) < 2 || digits.includes(ZEROS)) continue;
      asText = true;
      const plain = different(digits) >= DIFFERENT_ENOUGH;
      // A window that begins with 0 is found by the one before it, or by the one after.
      if (plain && !digits.startsWith('0')) {
        orders.add(`digits ${card} ${digits}`);
        followed = true;
      }
      for (const [shape, write] of Object.entries(SHAPES)) {
        const written = write(digits);
        if (FOLLOWED.includes(shape) ? !plain && shape !== 'BCD' : plain && unlikeOthers(written))
          bytes(shape, written);
      }
      for (const skip of [0, 1, 2]) {
        const covered = digits.slice(skip, skip + Math.floor((WINDOW - skip) / 3) * 3);
        if (different(covered) < DIFFERENT_ENOUGH) continue;
        for (const shape of ['ASCII', 'BCD']) {
          const written = SHAPES[shape]?.(covered) ?? Buffer.alloc(0);
          bytes(`Base64 of ${shape}`, Buffer.from(written.toString('base64'), 'latin1'));
        }
      }
    }
    const whole = [...(asText ? [] : ['ASCII', 'UTF-16LE', 'UTF-16BE']), ...(followed ? [] : ['BCD'])];
    for (const shape of whole) {
      if (shape !== 'BCD' || different(number) >= DIFFERENT_ENOUGH)
        bytes(shape, SHAPES[shape]?.(number) ?? Buffer.alloc(0));
    }
  });
  return [...orders].map((line) => `${line}\n`).join('');
}
