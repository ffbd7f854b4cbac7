import type { Api } from '../api/api.ts';
import { AuditDesk } from './audit-desk.ts';
import { GatewayDesk } from './gateway-desk.ts';
import { ManualDesk } from './manual-desk.ts';
import { PromptsDesk } from './prompts-desk.ts';
import { ReceiptsDesk } from './receipts-desk.ts';
import { Reports } from './reports.ts';
import { RulesDesk } from './rules-desk.ts';
import { StateDesk } from './state-desk.ts';

export interface OversightParts {
  readonly api: Api;
  /** Our clock, UTC ms. */
  readonly now: () => number;
  /** SHA-256 of a text, hex. */
  readonly digest: (text: string) => Promise<string>;
  readonly signedOut: () => void;
}

/** What supervisors and administrators look at and look after, beside their own calls. */
export class Oversight {
  readonly reports: Reports;
  readonly prompts: PromptsDesk;
  readonly receipts: ReceiptsDesk;
  readonly serverState: StateDesk;
  readonly manual: ManualDesk;
  readonly gateway: GatewayDesk;
  readonly rules: RulesDesk;
  readonly audit: AuditDesk;

  constructor(parts: OversightParts) {
    this.reports = new Reports(parts);
    this.prompts = new PromptsDesk(parts);
    this.receipts = new ReceiptsDesk(parts);
    this.serverState = new StateDesk(parts);
    this.manual = new ManualDesk(parts);
    this.gateway = new GatewayDesk(parts);
    this.rules = new RulesDesk(parts);
    this.audit = new AuditDesk(parts);
  }

  /** Signed out: what was seen and typed is not for the next person. */
  clear(): void {
    const { reports, prompts, receipts, serverState, manual, gateway, rules, audit } = this;
    for (const desk of [reports, prompts, receipts, serverState, manual, gateway, rules, audit]) desk.clear();
  }
}
