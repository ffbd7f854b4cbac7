import { randomLetters } from '../shared/ids.ts';
import { timerHeaders } from './dialogs/session-timer.ts';
import { ALLOW, SUPPORTED } from './dialogs/usage.ts';
import { Headers, type SipRequest } from './messages/message.ts';
import { formatNameAddr } from './messages/name-addr.ts';

export interface OutgoingInvite {
  readonly uri: string;
  /** URI in From, and the name shown. */
  readonly from: string;
  readonly displayName?: string | undefined;
  readonly contact: string;
  readonly offer: string;
  /** Session timer to ask for; undefined: none. */
  readonly session?: { readonly seconds: number; readonly minSe: number } | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Headers that a caller of ours may not set: they are the protocol's. */
const OWN_HEADERS =
  /^(via|from|to|call-id|cseq|contact|max-forwards|content-|route|record-route|allow|supported|require)/i;

/** A new INVITE, all but its Via. */
export function inviteRequest(invite: OutgoingInvite): SipRequest {
  const headers = base('INVITE', invite.uri, invite.from, invite.displayName);
  headers.add('Contact', invite.contact);
  headers.add('Allow', ALLOW);
  headers.add('Supported', SUPPORTED.join(', '));
  if (invite.session) {
    for (const [name, value] of timerHeaders(invite.session.seconds, invite.session.minSe)) headers.add(name, value);
  }
  for (const [name, value] of Object.entries(invite.headers ?? {})) {
    if (!OWN_HEADERS.test(name)) headers.add(name, value);
  }
  headers.add('Content-Type', 'application/sdp');
  return { kind: 'request', method: 'INVITE', uri: invite.uri, headers, body: Buffer.from(invite.offer, 'utf8') };
}

/** OPTIONS or REGISTER outside a dialog, all but Via. */
export function plainRequest(method: string, uri: string, from: string, to: string): SipRequest {
  const headers = base(method, to, from, undefined);
  return { kind: 'request', method, uri, headers, body: Buffer.alloc(0) };
}

function base(method: string, to: string, from: string, displayName: string | undefined): Headers {
  return new Headers([
    ['Max-Forwards', '70'],
    ['From', formatNameAddr({ displayName, uri: from, params: new Map([['tag', randomLetters(16)]]) })],
    ['To', `<${to}>`],
    ['Call-ID', randomLetters(26)],
    ['CSeq', `1 ${method}`],
  ]);
}
