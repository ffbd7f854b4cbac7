/**
 * A dialled number as the request URI's user part. `as-dialled` only loses visual separators; `e164` also gets its `+`:
 * for `00…`, and for a national `0…` if the country code is known.
 */
export function dialledNumber(number: string, format: 'e164' | 'as-dialled', countryCode: string | undefined): string {
  const plain = number.replace(/[^+0-9A-Za-z*#._!~-]/g, '').replace(/[-.](?=\d)/g, '');
  if (format === 'as-dialled' || plain.startsWith('+') || !/^\d+$/.test(plain)) return plain;
  if (plain.startsWith('00')) return `+${plain.slice(2)}`;
  if (plain.startsWith('0') && countryCode !== undefined) return `+${countryCode}${plain.slice(1)}`;
  return plain.startsWith('0') ? plain : `+${plain}`;
}
