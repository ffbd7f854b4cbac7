// 12 to 19 digits, single spaces, dots or dashes allowed between them: how a person writes a card number.
const RUN = /\d(?:[ .-]?\d){11,}/g;

/**
 * Whether a text holds what may be a card number: 12–19 digits of which some stretch passes Luhn (ISO/IEC 7812-1). Such
 * a text is refused before it leaves the page.
 */
export function looksLikeCard(text: string): boolean {
  const runs = text.normalize('NFKC').match(RUN) ?? [];
  return runs.some((run) => {
    const digits = run.replace(/\D/g, '');
    for (let start = 0; start + 12 <= digits.length; start += 1) {
      for (let length = 12; length <= 19 && start + length <= digits.length; length += 1) {
        if (passesLuhn(digits.slice(start, start + length))) return true;
      }
    }
    return false;
  });
}

function passesLuhn(digits: string): boolean {
  const sum = Array.from(digits)
    .reverse()
    .reduce((total, digit, place) => {
      const value = Number(digit) * (place % 2 === 1 ? 2 : 1);
      return total + (value > 9 ? value - 9 : value);
    }, 0);
  return sum > 0 && sum % 10 === 0;
}
