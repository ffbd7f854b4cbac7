// Looks for a card number's digits in bytes, however they were written: any twelve of them in a row, as text, as text of two
// bytes a letter, packed two to a byte, as bytes 0 … 9, in hexadecimal, in Base64, or with something between them.

/** Digits in a row that count as a find: fewer than a brand's shortest number, more than what may be shown of one. */
export const WINDOW = 12;

export interface Find {
  readonly where: string;
  readonly shape: string;
}

interface Pattern {
  readonly shape: string;
  readonly bytes: Buffer;
}

/** How twelve digits are written; the planted ones are made by this, too. */
export const SHAPES: Record<string, (digits: string) => Buffer> = {
  ASCII: (digits) => Buffer.from(digits, 'latin1'),
  'UTF-16LE': (digits) => Buffer.from(digits, 'utf16le'),
  'UTF-16BE': (digits) => Buffer.from(digits, 'utf16le').swap16(),
  BCD: (digits) => Buffer.from(digits, 'hex'),
  'bytes 0-9': (digits) => Buffer.from(Array.from(digits, Number)),
  hex: (digits) => Buffer.from(Buffer.from(digits, 'latin1').toString('hex'), 'latin1'),
};

/** Base64 of text and of bytes 0 … 9, for each of the three places at which the digits may begin within three bytes. */
export function base64Patterns(digits: string): Pattern[] {
  return ['ASCII', 'bytes 0-9'].flatMap((shape) => {
    const bytes = SHAPES[shape]?.(digits) ?? Buffer.alloc(0);
    return [0, 1, 2].map((skip) => {
      const whole = bytes.subarray(skip, skip + Math.floor((bytes.length - skip) / 3) * 3);
      return { shape: `Base64 of ${shape}`, bytes: Buffer.from(whole.toString('base64'), 'latin1') };
    });
  });
}

function patternsOf(number: string): Pattern[] {
  const patterns: Pattern[] = [];
  for (let at = 0; at + WINDOW <= number.length; at++) {
    const digits = number.slice(at, at + WINDOW);
    // Nearly all zeros, say: that stands in every database page and proves nothing.
    if (new Set(digits.slice(1)).size < 2) continue;
    for (const [shape, write] of Object.entries(SHAPES)) patterns.push({ shape, bytes: write(digits) });
    patterns.push(...base64Patterns(digits));
  }
  if (patterns.length === 0) throw new Error('this number has too few different digits to be looked for');
  return patterns;
}

/** What of these numbers stands in `bytes`; each way of writing once. */
export function findDigits(where: string, bytes: Buffer, numbers: readonly string[]): Find[] {
  const found = new Set<string>();
  // "4242 4242 4242 4242", "4-2-4-2", [4,2,4,2]: what stands between single digits or groups is left out.
  const joined = Buffer.from(bytes.toString('latin1').replace(/(?<=\d)[ ,.:;_"'-]{1,3}(?=\d)/g, ''), 'latin1');
  for (const number of numbers) {
    for (const { shape, bytes: pattern } of patternsOf(number)) if (bytes.includes(pattern)) found.add(shape);
    for (let at = 0; at + WINDOW <= number.length; at++) {
      if (!found.has('ASCII') && joined.includes(number.slice(at, at + WINDOW))) found.add('with something between');
    }
  }
  return [...found].map((shape) => ({ where, shape }));
}
