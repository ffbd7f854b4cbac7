import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/logger.ts';
import { err, type Result } from '../../shared/result.ts';
import type { LegEnd, LegHandlers, Party, Peer, SipLeg } from '../leg.ts';
import type { SipRequest, SipResponse } from '../messages/message.ts';
import type { ClientTransaction } from '../transactions/client-transaction.ts';
import type { ServerTransaction } from '../transactions/server-transaction.ts';
import { TimerSet } from '../transactions/timer-set.ts';
import type { TransactionLayer } from '../transactions/transaction-layer.ts';
import type { Flow } from '../transport/flow.ts';
import type { InviteUsage } from './invite-usage.ts';
import type { HeaderChange, UsageInput, UsageOutput } from './usage.ts';

export interface InviteLegOptions {
  readonly id: string;
  readonly direction: 'in' | 'out';
  readonly peer: Peer;
  readonly far: Party;
  readonly called: Party;
  readonly offer?: string | undefined;
  readonly source: SipLeg['source'];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly transactions: TransactionLayer;
  /** The flow for a request of the dialog; undefined: there is no way. */
  readonly flowFor: (request: SipRequest) => Flow | undefined | Promise<Flow | undefined>;
  /** Headers that answer this 401 or 407, if we can; or none, if the request may go out again elsewhere. */
  readonly again: (request: SipRequest, failure: SipResponse | 'timeout' | 'transport') => HeaderChange | undefined;
  /** The leg's signalling is all done. */
  readonly forgotten: () => void;
}

/** Server transactions of INVITE kept for repeating their 2xx. */
const KEPT_INVITES = 8;
const RING_TIMER = 'ring';

const NO_HANDLERS: LegHandlers = {
  established: () => {},
  reoffered: () => err({ status: 488 }),
  offerWanted: () => '',
  ended: () => {},
};

/** Drives one INVITE usage: its requests and responses, its timers, its owner. */
export class InviteLeg implements SipLeg {
  readonly id: string;
  readonly direction: 'in' | 'out';
  readonly peer: Peer;
  readonly far: Party;
  readonly called: Party;
  readonly offer?: string;
  #source: SipLeg['source'];
  readonly #options: InviteLegOptions;
  readonly #timers: TimerSet;
  readonly #refs = new Map<number, ServerTransaction>();
  readonly #clients = new Map<number, ClientTransaction>();
  readonly #wants = new Map<number, (result: Result<string, { status: number }>) => void>();
  readonly #inbox: UsageInput[] = [];
  #handlers: LegHandlers = NO_HANDLERS;
  #usage: InviteUsage | undefined;
  #isBusy = false;
  #nextRef = 1;
  #nextWant = 1;
  #endedEarly: LegEnd | undefined;

  constructor(options: InviteLegOptions) {
    this.id = options.id;
    this.direction = options.direction;
    this.peer = options.peer;
    this.far = options.far;
    this.called = options.called;
    if (options.offer !== undefined) this.offer = options.offer;
    this.#source = options.source;
    this.#options = options;
    this.#timers = new TimerSet(options.clock, (timer) => {
      if (timer === RING_TIMER) this.#ringOver();
      else this.#put({ on: 'timer', timer });
    });
  }

  get source(): SipLeg['source'] {
    return this.#source;
  }

  /** Our call goes by this flow. */
  goesBy(flow: Flow): void {
    this.#source = { ip: flow.remote.ip, port: flow.remote.port, transport: flow.transport };
  }

  get state(): 'early' | 'confirmed' | 'ended' {
    return this.#usage?.state ?? (this.#endedEarly ? 'ended' : 'early');
  }

  ring(sdp?: string): void {
    this.#put({ on: 'ring', sdp });
  }

  answer(sdp: string): void {
    this.#put({ on: 'answer', sdp });
  }

  reject(status: number, options: { reason?: string; retryAfter?: number } = {}): void {
    this.#put({ on: 'reject', status, ...options });
  }

  end(): void {
    if (this.#usage) this.#put({ on: 'end' });
    else this.fail({ by: 'us', cause: 'cancelled' });
  }

  reinvite(offer: string): Promise<Result<string, { status: number }>> {
    return new Promise((resolve) => {
      const want = this.#nextWant++;
      this.#wants.set(want, resolve);
      if (this.#usage) this.#put({ on: 'reinvite', want, offer });
      else this.#settle(want, err({ status: 481 }));
    });
  }

  /**
   * Takes an incoming usage: `introduce` hands the leg to its owner and returns the owner's handlers; what the owner
   * does meanwhile happens after.
   */
  beginIncoming(
    invite: ServerTransaction,
    make: (ref: number) => InviteUsage,
    introduce: (leg: SipLeg) => LegHandlers,
  ): void {
    const ref = this.#adopt(invite);
    this.#usage = make(ref);
    this.#isBusy = true;
    try {
      this.#handlers = introduce(this);
    } catch (error) {
      this.#options.logger.error({ leg: this.id, err: error }, 'a call could not be taken');
      this.#inbox.splice(0, this.#inbox.length, { on: 'reject', status: 500 });
    }
    this.#isBusy = false;
    this.#work();
  }

  /** Starts our own call; `ringMs` bounds the time to an answer. Nothing happens if it was ended meanwhile. */
  beginOutgoing(made: { usage: InviteUsage; outputs: UsageOutput[] }, ringMs: number): void {
    if (this.#endedEarly) return;
    this.#usage = made.usage;
    this.#timers.start(RING_TIMER, ringMs);
    this.#isBusy = true;
    for (const output of made.outputs) this.#do(output);
    this.#isBusy = false;
    this.#work();
  }

  set handlers(handlers: LegHandlers) {
    this.#handlers = handlers;
  }

  /** Ends a call of ours that never got as far as an INVITE. */
  fail(end: LegEnd): void {
    if (this.#usage || this.#endedEarly) return;
    this.#endedEarly = end;
    this.#tell(() => this.#handlers.ended(end));
    this.#options.forgotten();
  }

  /** A request of the far side in this dialog. */
  request(transaction: ServerTransaction): void {
    this.#put({ on: 'request', ref: this.#adopt(transaction), request: transaction.request });
  }

  ack(request: SipRequest): void {
    this.#put({ on: 'ack', request });
  }

  flowLost(): void {
    this.#put({ on: 'flow-lost' });
  }

  #adopt(transaction: ServerTransaction): number {
    const ref = this.#nextRef++;
    this.#refs.set(ref, transaction);
    transaction.onCancel = () => this.#put({ on: 'cancelled', ref });
    transaction.onAck = (request) => this.#put({ on: 'ack', request });
    return ref;
  }

  #ringOver(): void {
    if (this.state !== 'early') return;
    this.#put({ on: 'end', cause: 'no-answer' });
  }

  #put(input: UsageInput): void {
    this.#inbox.push(input);
    if (!this.#isBusy) this.#work();
  }

  #work(): void {
    const usage = this.#usage;
    if (!usage) return;
    this.#isBusy = true;
    try {
      for (let input = this.#inbox.shift(); input; input = this.#inbox.shift()) {
        for (const output of usage.handle(input)) this.#do(output);
      }
    } finally {
      this.#isBusy = false;
    }
  }

  #do(output: UsageOutput): void {
    switch (output.do) {
      case 'respond': {
        const transaction = this.#refs.get(output.ref);
        transaction?.respond(output.response);
        if (output.response.status >= 200) this.#release(output.ref, output.response.status);
        break;
      }
      case 'request':
        this.#send(output.id, output.request);
        break;
      case 'ack':
        this.#withFlow(output.request, (flow) => flow && this.#options.transactions.sendAck(output.request, flow));
        break;
      case 'cancel': {
        const client = this.#clients.get(output.id);
        if (client) this.#options.transactions.cancel(client);
        break;
      }
      case 'abandon': {
        const client = this.#clients.get(output.id);
        if (client) this.#options.transactions.abandon(client);
        this.#clients.delete(output.id);
        break;
      }
      case 'timer':
        this.#timers.start(output.timer, output.ms);
        break;
      case 'stop':
        this.#timers.stop(output.timer);
        break;
      case 'ringing':
        this.#tell(() => this.#handlers.ringing?.(output.sdp));
        break;
      case 'established':
        this.#timers.stop(RING_TIMER);
        this.#tell(() => this.#handlers.established(output.sdp));
        break;
      case 'ask-answer':
        void this.#askAnswer(output.ref, output.offer);
        break;
      case 'ask-offer':
        this.#tell(() => this.#put({ on: 'offered', ref: output.ref, offer: this.#handlers.offerWanted() }));
        break;
      case 'key':
        this.#tell(() => this.#handlers.keyByInfo?.(output.contentType));
        break;
      case 'reinvited':
        this.#settle(output.want, output.result);
        break;
      case 'ended':
        this.#timers.stop(RING_TIMER);
        this.#tell(() => this.#handlers.ended(output.end));
        break;
      case 'forget':
        this.#timers.clear();
        this.#refs.clear();
        this.#options.forgotten();
        break;
    }
  }

  async #askAnswer(ref: number, offer: string): Promise<void> {
    let answer: Result<string, { status: number }> = err({ status: 500 });
    try {
      const given = this.#handlers.reoffered(offer);
      answer = given instanceof Promise ? await given : given;
    } catch (error) {
      this.#options.logger.error({ leg: this.id, err: error }, 'a leg owner failed to answer an offer');
    }
    this.#put({ on: 'answered', ref, answer });
  }

  #send(id: number, request: SipRequest): void {
    this.#withFlow(request, (flow) => {
      if (!flow) {
        this.#put({ on: 'failed', id, why: 'transport', ...this.#again(request, 'transport') });
        return;
      }
      const client = this.#options.transactions.send(request, flow, {
        response: (response) => {
          if (response.status >= 200) this.#clients.delete(id);
          this.#put({ on: 'response', id, response, ...this.#again(request, response) });
        },
        failed: (why) => {
          this.#clients.delete(id);
          this.#put({ on: 'failed', id, why, ...this.#again(request, why) });
        },
      });
      this.#clients.set(id, client);
    });
  }

  #again(request: SipRequest, failure: SipResponse | 'timeout' | 'transport'): { again?: HeaderChange } {
    if (typeof failure !== 'string' && failure.status < 300) return {};
    const again = this.#options.again(request, failure);
    return again ? { again } : {};
  }

  #withFlow(request: SipRequest, use: (flow: Flow | undefined) => void): void {
    const flow = this.#options.flowFor(request);
    if (flow instanceof Promise) void flow.then(use, () => use(undefined));
    else use(flow);
  }

  #release(ref: number, status: number): void {
    if (this.#refs.get(ref)?.request.method !== 'INVITE' || status >= 300) this.#refs.delete(ref);
    const oldest = this.#refs.keys().next().value;
    if (this.#refs.size > KEPT_INVITES && oldest !== undefined) this.#refs.delete(oldest);
  }

  #settle(want: number, result: Result<string, { status: number }>): void {
    this.#wants.get(want)?.(result);
    this.#wants.delete(want);
  }

  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#options.logger.error({ leg: this.id, err: error }, 'the owner of a leg failed');
      this.#put({ on: 'end' });
    }
  }
}
