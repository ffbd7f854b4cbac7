import type { Health, ServerState } from '@tonegate/api-schema';
import type { Registry } from 'prom-client';
import type { z } from 'zod';
import type { GatewayDesk } from '../calls/gateway-desk.ts';
import type { MerchantPrompts } from '../integrations/prompts/merchant-prompts.ts';
import type { Clock } from '../shared/clock.ts';
import type { Id } from '../shared/ids.ts';
import type { Logger } from '../shared/logger.ts';
import type { RecordSigner } from '../shared/signed-chain.ts';
import type { AuditSeal } from '../storage/audit-seal.ts';
import type { Storage } from '../storage/storage.ts';
import type { CallControl } from './call-control.ts';
import { IdempotencyKeeper } from './idempotency-keeper.ts';
import { type ApiMetrics, createApiMetrics } from './metrics.ts';
import { SignInGuard } from './sign-in-guard.ts';
import { SipCredentials } from './sip-credentials.ts';
import { Windows } from './windows.ts';

export type HealthPart = z.infer<typeof Health>['parts'][number];

/** What the API is made of, beside its own state. */
export interface ApiNeeds {
  readonly storage: Storage;
  readonly calls: CallControl;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Takes the API's metrics; whoever made it adds those of other parts. */
  readonly registry: Registry;
  /** Languages that the guide speaks. */
  readonly languages: () => readonly string[];
  /** What merchants' customers hear. */
  readonly prompts: Pick<MerchantPrompts, 'list' | 'sound' | 'put' | 'drop'>;
  /** Merchants' own payment services. */
  readonly gateways: Pick<GatewayDesk, 'provision' | 'unprovision' | 'test' | 'show'>;
  /** A merchant's rules were changed in the storage. */
  readonly merchantsChanged: () => Promise<void>;
  /** Signs receipts of silence. */
  readonly signer: RecordSigner;
  /** Watches over the audit. */
  readonly auditSeal: Pick<AuditSeal, 'check' | 'findings'>;
  /** The SIP server's domain. */
  readonly sipDomain: string;
  /** Health of the parts that aren't the API's own; the storage is asked here. */
  readonly health: () => readonly HealthPart[];
  /** Whether what keeps card data in is in force. */
  readonly state: () => ServerState;
  /**
   * Another window has this person's SIP credential now, or the session that had it was signed out: registrations by the
   * old one are over. A reloaded page counts as another window.
   */
  readonly credentialEnded: (person: Id, why: 'replaced' | 'signed-out') => void;
}

/** Shared by all listeners of one server (HTTP on loopback, HTTPS on the LAN), so that they agree on who is who. */
export interface ApiParts extends ApiNeeds {
  readonly sipCredentials: SipCredentials;
  readonly idempotency: IdempotencyKeeper;
  readonly signInGuard: SignInGuard;
  readonly windows: Windows;
  readonly metrics: ApiMetrics;
}

export function createApiParts(needs: ApiNeeds): ApiParts {
  const windows = new Windows();
  return {
    ...needs,
    windows,
    sipCredentials: new SipCredentials({ clock: needs.clock, realm: needs.sipDomain }),
    idempotency: new IdempotencyKeeper(needs),
    signInGuard: new SignInGuard(),
    metrics: createApiMetrics(needs.registry, windows),
  };
}
