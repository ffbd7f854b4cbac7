const INFO = Buffer.from('INFO ');
const HEAD_END = Buffer.from('\r\n\r\n');
const LF = 0x0a;
const CR = 0x0d;

/**
 * Wipes what an INFO carries, before anything reads the message: it may be a key of a card number. Its length and
 * content type stay in the head. Other messages are left alone.
 */
export function wipeInfoBody(message: Buffer): void {
  let start = 0;
  // Empty lines may come before a message (RFC 3261 §7.5).
  while (message[start] === CR || message[start] === LF) start++;
  if (!message.subarray(start, start + INFO.length).equals(INFO)) return;
  const end = message.indexOf(HEAD_END, start);
  if (end >= 0) message.fill(0, end + HEAD_END.length);
}
