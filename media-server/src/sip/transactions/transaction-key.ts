import { parseCSeq } from '../messages/fields.ts';
import type { Headers, SipRequest } from '../messages/message.ts';
import { parseNameAddr } from '../messages/name-addr.ts';
import { topVia } from '../messages/via.ts';

type WithHeaders = { readonly headers: Headers };

/** Magic cookie of a branch that is unique in space and time (RFC 3261 §8.1.1.7). */
export const BRANCH_COOKIE = 'z9hG4bK';

/**
 * What tells one server transaction from another (RFC 3261 §17.2.3): branch, sent-by and method, ACK counting as its
 * INVITE. `method` overrides the message's, to find the INVITE that a CANCEL means. A branch without the cookie
 * (RFC 2543) isn't unique, so Call-ID, From and CSeq number join it.
 */
export function serverKey(request: SipRequest, method = request.method): string {
  const via = topVia(request.headers);
  const branch = (via.ok && via.value.params.get('branch')) || '';
  const sentBy = via.ok ? `${via.value.host}:${via.value.port ?? ''}` : '';
  const key = `${branch}|${sentBy}|${method === 'ACK' ? 'INVITE' : method}`;
  if (branch.startsWith(BRANCH_COOKIE)) return key;
  return `${key}|${request.headers.get('Call-ID')}|${tagOf(request, 'From')}|${cseqOf(request).number}`;
}

/** The same for requests that are one request come by several ways (RFC 3261 §8.2.2.2). */
export function mergeKey(request: SipRequest): string {
  return `${request.headers.get('Call-ID')}|${tagOf(request, 'From')}|${cseqOf(request).number}|${request.method}`;
}

/** The key of a client transaction: what a response brings back (RFC 3261 §17.1.3). */
export function clientKey(message: WithHeaders): string {
  const via = topVia(message.headers);
  return `${via.ok ? via.value.params.get('branch') : ''}|${cseqOf(message).method}`;
}

/** CSeq of a parsed message, which always has one; -1 and no method otherwise. */
export function cseqOf(message: WithHeaders): { readonly number: number; readonly method: string } {
  const cseq = parseCSeq(message.headers.get('CSeq') ?? '');
  return cseq.ok ? cseq.value : { number: -1, method: '' };
}

/** The tag of From or To, if it has one. */
export function tagOf(message: WithHeaders, name: 'From' | 'To'): string | undefined {
  const address = parseNameAddr(message.headers.get(name) ?? '');
  return address.ok ? address.value.params.get('tag') : undefined;
}
