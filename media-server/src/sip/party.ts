import type { Party } from './leg.ts';
import { privacyOf } from './messages/fields.ts';
import type { SipRequest } from './messages/message.ts';
import { type NameAddr, parseNameAddr } from './messages/name-addr.ts';
import { splitList } from './messages/scan.ts';
import { parseUri } from './messages/uri.ts';

/** Who calls: P-Asserted-Identity where its sender is trusted (RFC 3325 §5), else From. */
export function callerOf(request: SipRequest, isTrusted: boolean): Party {
  const from = parseNameAddr(request.headers.get('From') ?? '');
  const asserted = isTrusted ? request.headers.all('P-Asserted-Identity').flatMap(splitList) : [];
  const identities = asserted.map((value) => parseNameAddr(value)).flatMap((each) => (each.ok ? [each.value] : []));
  const named = identities.find((each) => userOf(each.uri) !== '') ?? (from.ok ? from.value : undefined);
  const privacy = privacyOf(request.headers);
  const isHidden = privacy.includes('id') || privacy.includes('user') || privacy.includes('header');
  return {
    user: named ? userOf(named.uri) : '',
    ...displayName(named, from.ok ? from.value : undefined),
    withheld: isHidden || (from.ok && isAnonymous(from.value) && identities.length === 0),
  };
}

/** The number that was called. */
export function calledOf(request: SipRequest): Party {
  return { user: userOf(request.uri), withheld: false };
}

/** The user part of a URI, empty if it has none. */
export function userOf(uri: string): string {
  const parsed = parseUri(uri);
  if (!parsed.ok) return '';
  // Parameters within the user part (RFC 3966 as in `+8190…;phone-context=…@`) are no part of the number.
  return parsed.value.user?.split(';')[0] ?? '';
}

function isAnonymous(from: NameAddr): boolean {
  const uri = parseUri(from.uri);
  return uri.ok && (uri.value.user?.toLowerCase() === 'anonymous' || uri.value.host === 'anonymous.invalid');
}

function displayName(named: NameAddr | undefined, from: NameAddr | undefined): { displayName?: string } {
  // Japanese networks give the reason for a missing number in From's display name, beside a PAI without one.
  const name = named?.displayName ?? from?.displayName;
  return name === undefined ? {} : { displayName: name };
}
