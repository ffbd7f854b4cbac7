import { type Headers, Headers as HeaderLines, type SipRequest, type SipResponse } from '../messages/message.ts';
import { parseNameAddr } from '../messages/name-addr.ts';
import { splitList } from '../messages/scan.ts';
import { parseUri } from '../messages/uri.ts';
import { cseqOf, tagOf } from '../transactions/transaction-key.ts';

/** The state of a dialog (RFC 3261 §12), as immutable data. */
export interface Dialog {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** From and To of our requests, as they stood in the dialog's first messages, tags included. */
  readonly local: string;
  readonly remote: string;
  /** CSeq number of our last request. */
  readonly localSeq: number;
  /** CSeq number of the far side's last request; undefined before its first. */
  readonly remoteSeq: number | undefined;
  /** URI of the far side's Contact. */
  readonly remoteTarget: string;
  /** Route values in the order our requests carry them. */
  readonly routeSet: readonly string[];
}

/** Most hops a dialog's route set may have; more is an attack or a loop. */
const ROUTE_LIMIT = 32;

/** The dialog that our request and a response with a To tag make (RFC 3261 §12.1.2). */
export function dialogOfResponse(request: SipRequest, response: SipResponse): Dialog | undefined {
  const remoteTag = tagOf(response, 'To');
  if (remoteTag === undefined) return undefined;
  return {
    callId: request.headers.get('Call-ID') ?? '',
    localTag: tagOf(request, 'From') ?? '',
    remoteTag,
    local: request.headers.get('From') ?? '',
    remote: response.headers.get('To') ?? '',
    localSeq: cseqOf(request).number,
    remoteSeq: undefined,
    remoteTarget: contactOf(response) ?? request.uri,
    routeSet: routes(response.headers, 'Record-Route').reverse().slice(0, ROUTE_LIMIT),
  };
}

/** The dialog that a request to us makes once we answer it with `localTag` (RFC 3261 §12.1.1). */
export function dialogOfRequest(request: SipRequest, localTag: string): Dialog {
  const from = request.headers.get('From') ?? '';
  const uri = parseNameAddr(from);
  return {
    callId: request.headers.get('Call-ID') ?? '',
    localTag,
    // No tag at all comes from RFC 2543 only, and counts as an empty one (§12.1.1).
    remoteTag: tagOf(request, 'From') ?? '',
    local: `${request.headers.get('To') ?? ''};tag=${localTag}`,
    remote: from,
    localSeq: 0,
    remoteSeq: cseqOf(request).number,
    remoteTarget: contactOf(request) ?? (uri.ok ? uri.value.uri : ''),
    routeSet: routes(request.headers, 'Record-Route').slice(0, ROUTE_LIMIT),
  };
}

/** The URI of the first Contact, if there is one that can be read. */
export function contactOf(message: { readonly headers: Headers }): string | undefined {
  const first = splitList(message.headers.get('Contact') ?? '')[0];
  const contact = first === undefined ? undefined : parseNameAddr(first);
  return contact?.ok ? contact.value.uri : undefined;
}

/** A target refresh (re-INVITE, UPDATE or a 2xx to one): its Contact becomes the remote target (§12.2.1.2, §12.2.2). */
export function withTarget(dialog: Dialog, message: { readonly headers: Headers }): Dialog {
  const remoteTarget = contactOf(message);
  return remoteTarget === undefined ? dialog : { ...dialog, remoteTarget };
}

/** The dialog after a request of the far side, or `out-of-order` (500, RFC 3261 §12.2.2). Not for ACK and CANCEL. */
export function withRemoteRequest(dialog: Dialog, request: SipRequest): Dialog | 'out-of-order' {
  const { number } = cseqOf(request);
  if (dialog.remoteSeq !== undefined && number <= dialog.remoteSeq) return 'out-of-order';
  return { ...dialog, remoteSeq: number };
}

/** Our next request in the dialog (RFC 3261 §12.2.1.1). Via is the transaction's to add; `cseq` only for ACK. */
export function nextRequest(
  dialog: Dialog,
  method: string,
  cseq = dialog.localSeq + 1,
): { readonly dialog: Dialog; readonly request: SipRequest } {
  const headers = new HeaderLines();
  const { uri, routes: route } = addressed(dialog);
  for (const value of route) headers.add('Route', value);
  headers.add('Max-Forwards', '70');
  headers.add('From', dialog.local);
  headers.add('To', dialog.remote);
  headers.add('Call-ID', dialog.callId);
  headers.add('CSeq', `${cseq} ${method}`);
  return {
    dialog: { ...dialog, localSeq: Math.max(dialog.localSeq, cseq) },
    request: { kind: 'request', method, uri, headers, body: Buffer.alloc(0) },
  };
}

/** Where a request goes first: its top Route, or its own URI (RFC 3261 §8.1.2). */
export function nextHop(request: SipRequest): string {
  const first = routes(request.headers, 'Route')[0];
  const route = first === undefined ? undefined : parseNameAddr(first);
  return route?.ok ? route.value.uri : request.uri;
}

function addressed(dialog: Dialog): { uri: string; routes: readonly string[] } {
  const [first, ...rest] = dialog.routeSet;
  if (first === undefined) return { uri: dialog.remoteTarget, routes: [] };
  const hop = parseNameAddr(first);
  const uri = hop.ok ? parseUri(hop.value.uri) : undefined;
  if (!hop.ok || (uri?.ok && uri.value.params.has('lr'))) return { uri: dialog.remoteTarget, routes: dialog.routeSet };
  // A strict router of RFC 2543 wants itself in the request line and our target last (§12.2.1.1).
  return { uri: hop.value.uri, routes: [...rest, `<${dialog.remoteTarget}>`] };
}

function routes(headers: Headers, name: string): string[] {
  return headers.all(name).flatMap(splitList);
}
