import type { Clock } from '../shared/clock.ts';
import { COME_BACK_MS } from './bindings.ts';
import type { InviteLeg } from './dialogs/invite-leg.ts';
import type { SipRequest } from './messages/message.ts';
import { tagOf } from './transactions/transaction-key.ts';
import { type Flow, isWebSocket } from './transport/flow.ts';

/** A leg and the flow its far side was last heard on. */
export interface LegRecord {
  readonly leg: InviteLeg;
  flow: Flow;
  /** Its requests go by its flow whatever its Contact says: phones behind NAT, and browsers. */
  readonly isBound: boolean;
}

/** All legs, found by dialog and by flow. */
export class LegTable {
  readonly #clock: Clock;
  readonly #records = new Map<string, LegRecord>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#records.size;
  }

  add(callId: string, localTag: string, record: LegRecord): void {
    this.#records.set(`${callId}\n${localTag}`, record);
  }

  remove(callId: string, localTag: string): void {
    this.#records.delete(`${callId}\n${localTag}`);
  }

  /** The leg that a request of the far side is for: its To tag is ours (RFC 3261 §12.2.2). */
  find(request: SipRequest): LegRecord | undefined {
    return this.#records.get(`${request.headers.get('Call-ID')}\n${tagOf(request, 'To')}`);
  }

  of(user: string): LegRecord[] {
    return [...this.#records.values()].filter(({ leg }) => leg.peer.kind === 'account' && leg.peer.user === user);
  }

  all(): LegRecord[] {
    return [...this.#records.values()];
  }

  /** A browser came back on another connection: its dialogs go on there. */
  move(from: Flow, to: Flow): void {
    for (const record of this.#records.values()) if (record.flow === from) record.flow = to;
  }

  /** Legs of a browser whose connection is gone end unless it comes back soon. */
  flowLost(flow: Flow): void {
    if (!isWebSocket(flow)) return;
    const orphans = this.all().filter((record) => record.flow === flow);
    if (orphans.length === 0) return;
    this.#clock.after(COME_BACK_MS, () => {
      for (const record of orphans) if (record.flow === flow) record.leg.flowLost();
    });
  }
}
