/** A fresh id of 26 letters: no digits, so that no scanner for card numbers ever takes one for a card. */
export function letterId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(26)), (byte) => String.fromCharCode(97 + (byte % 26))).join(
    '',
  );
}
