// 12 to 19 digits, single spaces, dots or dashes allowed between them: what a person could write as a card number.
const CANDIDATE = /\d(?:[ .-]?\d){11,}/g;

/**
 * Whether a text holds something that may be a card number: 12–19 digits in a row (separated or not) of which some
 * window passes Luhn (ISO/IEC 7812-1). For texts from outside the card process; never for keyed digits.
 */
export function holdsCardNumber(text: string): boolean {
  return text.match(CANDIDATE)?.some((run) => windowPassesLuhn(run.replace(/\D/g, ''))) ?? false;
}

/** The text with every such run replaced by `[card number?]`. */
export function withoutCardNumbers(text: string): string {
  return text.replace(CANDIDATE, (run) => (windowPassesLuhn(run.replace(/\D/g, '')) ? '[card number?]' : run));
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
