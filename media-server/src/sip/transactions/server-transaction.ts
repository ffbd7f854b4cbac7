import type { Clock } from '../../shared/clock.ts';
import type { SipRequest, SipResponse } from '../messages/message.ts';
import { responseTo } from '../messages/response.ts';
import { serialize } from '../messages/serialize.ts';
import type { Flow } from '../transport/flow.ts';
import { type InviteServerState, startInviteServer, stepInviteServer } from './invite-server.ts';
import { type NonInviteServerState, startNonInviteServer, stepNonInviteServer } from './non-invite-server.ts';
import { TimerSet } from './timer-set.ts';
import type { BaseTimes, Step } from './timers.ts';
import { tagOf } from './transaction-key.ts';

/** A request from outside and the way to answer it; lives until its transaction ends (RFC 3261 §17.2). */
export interface ServerTransaction {
  readonly request: SipRequest;
  /** The flow it came by. */
  readonly flow: Flow;
  /** Sends a response, or does nothing if the final one is out (a second 2xx to INVITE excepted, RFC 6026). */
  respond(response: SipResponse): void;
  /** Told if a final response to INVITE got no ACK, or can't be sent. */
  onFailed: ((why: 'timeout' | 'transport') => void) | undefined;
  /** Told if the INVITE is cancelled; the 200 to CANCEL is out by then. Not told after a final response. */
  onCancel: ((cancel: SipRequest) => void) | undefined;
  /** Told of an ACK to a 2xx that came on the INVITE's own branch. */
  onAck: ((ack: SipRequest) => void) | undefined;
}

type ServerMachine = { kind: 'invite'; state: InviteServerState } | { kind: 'other'; state: NonInviteServerState };

/** Drives one server machine. */
export class ServerDriver implements ServerTransaction {
  readonly request: SipRequest;
  readonly flow: Flow;
  onFailed: ServerTransaction['onFailed'] = undefined;
  onCancel: ServerTransaction['onCancel'] = undefined;
  onAck: ServerTransaction['onAck'] = undefined;
  /** To tag of the last response that had one, which the 200 to CANCEL repeats (RFC 3261 §9.2). */
  toTag: string | undefined;
  readonly #back: Flow;
  readonly #times: BaseTimes;
  readonly #timers: TimerSet;
  readonly #ended: () => void;
  #machine: ServerMachine | undefined;
  #last: Buffer | undefined;

  constructor(request: SipRequest, flow: Flow, back: Flow, clock: Clock, times: BaseTimes, ended: () => void) {
    this.request = request;
    this.flow = flow;
    this.#back = back;
    this.#times = times;
    this.#ended = ended;
    this.#timers = new TimerSet(clock, (timer) => this.#put({ on: 'timer', timer }));
  }

  /** Whether no final response is out. */
  get pending(): boolean {
    const phase = this.#machine?.state.phase;
    return phase === 'proceeding' || phase === 'trying';
  }

  start(): void {
    if (this.request.method === 'INVITE') {
      const { state, outputs } = startInviteServer(this.#times);
      if (state) this.#machine = { kind: 'invite', state };
      for (const output of outputs) if (output.do === 'timer') this.#timers.start(output.timer, output.ms);
    } else {
      const { state } = startNonInviteServer();
      if (state) this.#machine = { kind: 'other', state };
    }
  }

  respond(response: SipResponse): void {
    this.toTag = tagOf(response, 'To') ?? this.toTag;
    this.#put({ on: 'respond', status: response.status }, response);
  }

  repeated(): void {
    this.#put({ on: 'repeated' });
  }

  receiveAck(ack: SipRequest): void {
    if (this.#machine?.kind === 'invite') this.#put({ on: 'ack' }, undefined, ack);
  }

  end(): void {
    this.#machine = undefined;
    this.#timers.clear();
    this.#ended();
  }

  #put(
    input: { on: 'repeated' } | { on: 'ack' } | { on: 'respond'; status: number } | { on: 'timer'; timer: string },
    response?: SipResponse,
    ack?: SipRequest,
  ): void {
    const machine = this.#machine;
    if (!machine) return;
    let step: Step<unknown, ServerOutput>;
    if (machine.kind === 'invite') {
      const next = stepInviteServer(machine.state, input, this.#back.reliable, this.#times);
      this.#machine = next.state && { kind: 'invite', state: next.state };
      step = next;
    } else {
      if (input.on === 'ack') return;
      const next = stepNonInviteServer(machine.state, input, this.#back.reliable, this.#times);
      this.#machine = next.state && { kind: 'other', state: next.state };
      step = next;
    }
    for (const output of step.outputs) this.#do(output, response, ack);
    if (!this.#machine) this.end();
  }

  #do(output: ServerOutput, response: SipResponse | undefined, ack: SipRequest | undefined): void {
    switch (output.do) {
      case 'timer':
        this.#timers.start(output.timer, output.ms);
        break;
      case 'send':
        if (response) this.#write(serialize(response));
        break;
      case 'send-trying':
        this.#write(serialize(responseTo(this.request, 100)));
        break;
      case 'send-last':
        if (this.#last) this.#write(this.#last);
        break;
      case 'pass-ack':
        if (ack) this.onAck?.(ack);
        break;
      case 'failed':
        this.onFailed?.(output.why);
        break;
    }
  }

  #write(bytes: Buffer): void {
    this.#last = bytes;
    this.#back.write(bytes);
  }
}

type ServerOutput =
  | { readonly do: 'timer'; readonly timer: string; readonly ms: number }
  | { readonly do: 'send' | 'send-trying' | 'send-last' | 'pass-ack' }
  | { readonly do: 'failed'; readonly why: 'timeout' | 'transport' };
