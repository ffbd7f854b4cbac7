const KEY = 'tonegate.sip-instance';

/**
 * This tab's SIP instance (RFC 5626 §4.1): the same after a reload, so that the server knows the window that its call
 * belongs to. Made of letters a–f only, so that no scanner for card numbers ever stumbles over it.
 */
export function instanceId(storage: Pick<Storage, 'getItem' | 'setItem'>): string {
  const kept = storage.getItem(KEY);
  if (kept !== null) return kept;
  const letters = Array.from(crypto.getRandomValues(new Uint8Array(30)), (byte) => 'abcdef'[byte % 6]).join('');
  // A version 4 UUID (RFC 9562 §5.4) as the grammar of sip.js wants it.
  const id = `${letters.slice(0, 8)}-${letters.slice(8, 12)}-4${letters.slice(12, 15)}-a${letters.slice(15, 18)}-${letters.slice(18, 30)}`;
  storage.setItem(KEY, id);
  return id;
}
