/** A number as the API takes it, out of what a person typed or pasted; null where it is none. */
export function dialableNumber(text: string): string | null {
  const plain = text
    .normalize('NFKC')
    .replace(/^tel:/i, '')
    .replace(/[\s().\u2010-\u2015\u2212ー-]/g, '');
  return /^\+?[0-9]{1,15}$/.test(plain) ? plain : null;
}
