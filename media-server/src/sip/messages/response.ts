import { Headers, type SipRequest, type SipResponse } from './message.ts';
import { parseNameAddr } from './name-addr.ts';
import { REASON_PHRASES } from './names.ts';

/**
 * A response to a request (RFC 3261 §8.2.6.2): Via, From, Call-ID and CSeq as they came; To with `toTag` if it has no tag
 * and the response isn't 100; Record-Route in what can make a dialog (§12.1.1); Timestamp in 100 (§8.2.6.1). Without body.
 */
export function responseTo(
  request: SipRequest,
  status: number,
  reason: string = REASON_PHRASES[status] ?? '',
  toTag?: string,
): SipResponse {
  const headers = new Headers();
  const copy = (name: string): void => {
    for (const value of request.headers.all(name)) headers.add(name, value);
  };
  const copyFirst = (name: string): void => {
    const value = request.headers.get(name);
    if (value !== undefined) headers.add(name, value);
  };
  copy('Via');
  if (status > 100 && status < 300) copy('Record-Route');
  copyFirst('From');
  copyFirst('To');
  copyFirst('Call-ID');
  copyFirst('CSeq');
  if (status === 100) copyFirst('Timestamp');
  else if (toTag !== undefined) addTag(headers, toTag);
  return { kind: 'response', status, reason, headers, body: Buffer.alloc(0) };
}

function addTag(headers: Headers, tag: string): void {
  const to = headers.get('to');
  const address = to === undefined ? undefined : parseNameAddr(to);
  // A To that can't be read (of a request that gets 400) goes back as it is.
  if (address?.ok && !address.value.params.has('tag')) headers.set('To', `${to};tag=${tag}`);
}
