/** Longest text that is taken for a number, characters. */
const LIMIT = 32;

/**
 * The number in a `tel:` link (RFC 3966), without its parameters; undefined where it is none. It only fills the dial
 * field: nobody is called by a link.
 */
export function numberOfTelLink(link: string): string | undefined {
  if (!/^tel:/i.test(link)) return undefined;
  let text: string;
  try {
    text = decodeURIComponent(link.slice('tel:'.length));
  } catch {
    return undefined;
  }
  const number = (text.split(';')[0] ?? '').trim();
  return number.length <= LIMIT && /^\+?[0-9 ().-]*[0-9][0-9 ().-]*$/.test(number) ? number : undefined;
}

/** The first such link among a program's arguments. */
export function numberInArguments(argv: readonly string[]): string | undefined {
  for (const argument of argv) {
    const number = numberOfTelLink(argument);
    if (number !== undefined) return number;
  }
  return undefined;
}
