import type { Clock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/logger.ts';
import { ok } from '../../shared/result.ts';
import { ha1 } from '../digest/hash.ts';
import type { LegEnd, LegHandlers, SipLeg, SipPolicy } from '../leg.ts';
import { SipServer, type SipServerOptions } from '../sip-server.ts';
import { SipSettings } from '../settings.ts';

/** A description for tests; `version` goes into its origin line. */
export function sdp(version = 1, direction = 'sendrecv'): string {
  return [
    'v=0',
    `o=test 1 ${version} IN IP4 127.0.0.1`,
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    'm=audio 40000 RTP/AVP 0 101',
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:101 telephone-event/8000',
    `a=${direction}`,
    '',
  ].join('\r\n');
}

/** What a leg's owner was told, in order. */
export interface Told {
  readonly events: string[];
  end: LegEnd | undefined;
}

/** Handlers that note what they are told and agree to everything. */
export function noting(told: Told = { events: [], end: undefined }): { told: Told; handlers: LegHandlers } {
  return {
    told,
    handlers: {
      ringing: (early) => void told.events.push(early === undefined ? 'ringing' : 'ringing with sdp'),
      established: (answer) => void told.events.push(answer === undefined ? 'established' : 'established with sdp'),
      reoffered: () => {
        told.events.push('reoffered');
        return ok(sdp(2));
      },
      offerWanted: () => {
        told.events.push('offer wanted');
        return sdp(3);
      },
      keyByInfo: (contentType) => void told.events.push(`key ${contentType}`),
      ended: (end) => {
        told.events.push(`ended ${end.by} ${end.cause}`);
        told.end = end;
      },
    },
  };
}

/** A policy that lets everybody in, knows account 1001 with password `pw`, and hands each call to `take`. */
export function policyOf(take: (leg: SipLeg) => LegHandlers, changes: Partial<SipPolicy> = {}): SipPolicy {
  return {
    credential: (user) =>
      Promise.resolve(
        user === '1001'
          ? {
              md5: ha1('MD5', user, 'tonegate.local', 'pw'),
              sha256: ha1('SHA-256', user, 'tonegate.local', 'pw'),
              mayRegister: true,
            }
          : undefined,
      ),
    allowAnonymous: () => true,
    incoming: take,
    registered: () => {},
    unregistered: () => {},
    ...changes,
  };
}

/** A server for tests on loopback: ports chosen by the system, no trace of it in the logs. */
export function testServer(
  clock: Clock,
  policy: SipPolicy,
  settings: Record<string, unknown> = {},
  options: Partial<SipServerOptions> = {},
): SipServer {
  const parsed = SipSettings.parse({ bind: '127.0.0.1', ...settings });
  return new SipServer({
    settings: { ...parsed, udpPort: 0, tcpPort: 0, tlsPort: 0 },
    clock,
    logger: silentLogger,
    policy,
    ...options,
  });
}
