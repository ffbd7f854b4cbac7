import { parseContentType } from '../messages/fields.ts';
import type { Headers } from '../messages/message.ts';

type Message = { readonly headers: Headers; readonly body: Buffer };

/**
 * The SDP of a message: its body, or the SDP part of a multipart body (RFC 5621), as carriers send beside other parts.
 * A body without Content-Type counts as SDP. Undefined: it has none.
 */
export function sdpOf(message: Message): string | undefined {
  if (message.body.length === 0) return undefined;
  const value = message.headers.get('Content-Type');
  if (value === undefined) return message.body.toString('utf8');
  const type = parseContentType(value);
  if (!type.ok) return undefined;
  if (type.value.type === 'application/sdp') return message.body.toString('utf8');
  const boundary = type.value.type.startsWith('multipart/') ? type.value.params.get('boundary') : undefined;
  return boundary ? sdpPart(message.body.toString('utf8'), boundary) : undefined;
}

/** Whether a body is there that we can't make anything of and may not ignore (415, RFC 3261 §8.2.3). */
export function hasForeignBody(message: Message): boolean {
  const optional = /handling\s{0,8}=\s{0,8}optional/i.test(message.headers.get('Content-Disposition') ?? '');
  return message.body.length > 0 && !optional && sdpOf(message) === undefined;
}

function sdpPart(text: string, boundary: string): string | undefined {
  for (const part of text.split(`--${boundary}`).slice(1, 17)) {
    const headEnd = part.indexOf('\r\n\r\n');
    if (headEnd < 0) continue;
    for (const line of part.slice(0, headEnd).split('\r\n')) {
      const colon = line.indexOf(':');
      const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
      const type = parseContentType(line.slice(colon + 1).trim());
      if ((name === 'content-type' || name === 'c') && type.ok && type.value.type === 'application/sdp') {
        return part.slice(headEnd + 4);
      }
    }
  }
  return undefined;
}
