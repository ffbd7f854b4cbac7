// 12 to 19 digits, up to two spaces, dots or dashes allowed between them: what a person could write as a card number.
const CANDIDATE = /\d(?:[ .-]{0,2}\d){11,}/g;
// Full-width digits come out of a Japanese keyboard as a matter of course.
const BEYOND_ASCII = /[^\0-\x7F]/;
const DIGIT = /\p{Nd}/u;
/** Spaces, dashes, middle dots, and what isn't seen at all. */
const SEPARATOR = /[\p{Zs}\p{Pd}\p{Cf}−ー。.・·•]/u;

/**
 * Whether a text holds something that may be a card number: 12–19 digits of whatever script in a row (separated or not)
 * of which some window passes Luhn (ISO/IEC 7812-1). For texts from outside the card process; never for keyed digits.
 */
export function holdsCardNumber(text: string): boolean {
  return candidatesOf(text).some(([, digits]) => windowPassesLuhn(digits));
}

/** The text with every such run replaced by `[card number?]`. */
export function withoutCardNumbers(text: string): string {
  let clean = '';
  let from = 0;
  for (const [run, digits] of candidatesOf(text)) {
    if (!windowPassesLuhn(digits)) continue;
    clean += `${text.slice(from, run.start)}[card number?]`;
    from = run.end;
  }
  return clean + text.slice(from);
}

function candidatesOf(text: string): [{ readonly start: number; readonly end: number }, string][] {
  const matches = [...inAscii(text).matchAll(CANDIDATE)];
  return matches.map((match) => {
    const [run] = match;
    return [{ start: match.index, end: match.index + run.length }, run.replace(/\D/g, '')];
  });
}

/** The text with ASCII digits and spaces for all others, each in its place. */
function inAscii(text: string): string {
  if (!BEYOND_ASCII.test(text)) return text;
  return Array.from(text, (letter) => {
    const plain = DIGIT.test(letter) ? valueOf(letter) : SEPARATOR.test(letter) && letter !== '.' ? ' ' : letter;
    return plain.padEnd(letter.length);
  }).join('');
}

/** A decimal digit's value: those of a script stand in a row from its zero on (Unicode, Nd). */
function valueOf(letter: string): string {
  const code = letter.codePointAt(0) ?? 0;
  // Five alphabets of mathematical digits stand one after the other.
  if (code >= 0x1d7ce && code <= 0x1d7ff) return String((code - 0x1d7ce) % 10);
  let value = 0;
  while (value < 9 && DIGIT.test(String.fromCodePoint(code - value - 1))) value++;
  return String(value);
}

function windowPassesLuhn(digits: string): boolean {
  // A number can stand inside a longer run; runs are bounded so that hostile text costs no more than its length.
  const bounded = digits.slice(0, 64);
  for (let length = 12; length <= 19; length++) {
    for (let start = 0; start + length <= bounded.length; start++) {
      if (passesLuhn(bounded.slice(start, start + length))) return true;
    }
  }
  return false;
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    let digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    if (i % 2 === 1) {
      digit *= 2;
      if (digit > 9) digit -= 9;
    }
    sum += digit;
  }
  // All zeros pass Luhn and are no card.
  return sum > 0 && sum % 10 === 0;
}
