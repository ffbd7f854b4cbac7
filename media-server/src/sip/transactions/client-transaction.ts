import type { Clock } from '../../shared/clock.ts';
import { Headers, type SipRequest, type SipResponse } from '../messages/message.ts';
import { serialize } from '../messages/serialize.ts';
import type { Flow } from '../transport/flow.ts';
import { type InviteClientState, startInviteClient, stepInviteClient } from './invite-client.ts';
import { type NonInviteClientState, startNonInviteClient, stepNonInviteClient } from './non-invite-client.ts';
import { TimerSet } from './timer-set.ts';
import type { BaseTimes } from './timers.ts';
import { cseqOf } from './transaction-key.ts';

/** Who made a request is told of its responses, in order, and of nothing after `failed` or a final non-2xx response. */
export interface ClientUser {
  response(response: SipResponse): void;
  failed(why: 'timeout' | 'transport'): void;
}

export interface ClientTransaction {
  readonly request: SipRequest;
  readonly flow: Flow;
}

type ClientMachine = { kind: 'invite'; state: InviteClientState } | { kind: 'other'; state: NonInviteClientState };

type ClientInput = { on: 'response'; status: number } | { on: 'timer'; timer: string } | { on: 'transport-error' };

/** Drives one client machine. */
export class ClientDriver implements ClientTransaction {
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly #bytes: Buffer;
  readonly #user: ClientUser;
  readonly #times: BaseTimes;
  readonly #timers: TimerSet;
  readonly #ended: () => void;
  #machine: ClientMachine | undefined;

  constructor(request: SipRequest, flow: Flow, user: ClientUser, clock: Clock, times: BaseTimes, ended: () => void) {
    this.request = request;
    this.flow = flow;
    this.#bytes = serialize(request);
    this.#user = user;
    this.#times = times;
    this.#ended = ended;
    this.#timers = new TimerSet(clock, (timer) => this.#put({ on: 'timer', timer }));
  }

  start(): void {
    const { reliable } = this.flow;
    if (this.request.method === 'INVITE') {
      const first = startInviteClient(reliable, this.#times);
      this.#machine = first.state && { kind: 'invite', state: first.state };
      for (const output of first.outputs) this.#do(output);
    } else {
      const first = startNonInviteClient(reliable, this.#times);
      this.#machine = first.state && { kind: 'other', state: first.state };
      for (const output of first.outputs) this.#do(output);
    }
    // Not at once: the caller hasn't got this transaction in its hands yet.
    if (!this.flow.alive) this.#timers.start('dead-flow', 0);
  }

  receive(response: SipResponse): void {
    this.#put({ on: 'response', status: response.status }, response);
  }

  lost(): void {
    this.#put({ on: 'transport-error' });
  }

  end(): void {
    this.#machine = undefined;
    this.#timers.clear();
    this.#ended();
  }

  #put(input: ClientInput, response?: SipResponse): void {
    const machine = this.#machine;
    if (!machine) return;
    const { reliable } = this.flow;
    const known: ClientInput = input.on === 'timer' && input.timer === 'dead-flow' ? { on: 'transport-error' } : input;
    let outputs: readonly ClientOutput[];
    if (machine.kind === 'invite') {
      const next = stepInviteClient(machine.state, known, reliable, this.#times);
      this.#machine = next.state && { kind: 'invite', state: next.state };
      outputs = next.outputs;
    } else {
      const next = stepNonInviteClient(machine.state, known, reliable, this.#times);
      this.#machine = next.state && { kind: 'other', state: next.state };
      outputs = next.outputs;
    }
    if (!this.#machine) this.end();
    for (const output of outputs) this.#do(output, response);
  }

  #do(output: ClientOutput, response?: SipResponse): void {
    switch (output.do) {
      case 'timer':
        this.#timers.start(output.timer, output.ms);
        break;
      case 'send':
        this.flow.write(this.#bytes);
        break;
      case 'ack':
        if (response) this.flow.write(serialize(ackOf(this.request, response)));
        break;
      case 'report':
        if (response) this.#user.response(response);
        break;
      case 'failed':
        this.#user.failed(output.why);
        break;
    }
  }
}

type ClientOutput =
  | { readonly do: 'timer'; readonly timer: string; readonly ms: number }
  | { readonly do: 'send' | 'ack' | 'report' }
  | { readonly do: 'failed'; readonly why: 'timeout' | 'transport' };

/** ACK of a non-2xx final response: the INVITE's own Via and Route, the response's To (RFC 3261 §17.1.1.3). */
function ackOf(invite: SipRequest, response: SipResponse): SipRequest {
  const headers = new Headers([['Via', invite.headers.get('Via') ?? '']]);
  for (const route of invite.headers.all('Route')) headers.add('Route', route);
  headers.add('Max-Forwards', '70');
  headers.add('From', invite.headers.get('From') ?? '');
  headers.add('To', response.headers.get('To') ?? '');
  headers.add('Call-ID', invite.headers.get('Call-ID') ?? '');
  headers.add('CSeq', `${cseqOf(invite).number} ACK`);
  return { kind: 'request', method: 'ACK', uri: invite.uri, headers, body: Buffer.alloc(0) };
}
