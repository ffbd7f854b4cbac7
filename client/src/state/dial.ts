/** A number as the API takes it, out of what a person typed or pasted; null where it is none. */
export function dialableNumber(text: string): string | null {
  const plain = text
    .normalize('NFKC')
    .replace(/^tel:/i, '')
    .replace(/[\s().\u2010-\u2015\u2212ー-]/g, '');
  return /^\+?[0-9]{1,15}$/.test(plain) ? plain : null;
}

/**
 * A number in its international form (E.164), '' where nothing was typed, null where it can't be told. A national number
 * is understood in Japan only: there the 0 in front stands for +81.
 */
export function internationalNumber(text: string, timeZone: string): string | null {
  if (text.trim() === '') return '';
  const number = dialableNumber(text);
  if (number === null) return null;
  const whole = timeZone === 'Asia/Tokyo' ? number.replace(/^0(?=[1-9])/, '+81') : number;
  return /^\+[1-9][0-9]{5,14}$/.test(whole) ? whole : null;
}
