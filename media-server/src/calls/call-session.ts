import type { Call, CallCounts, CallEnd, KeyTest, Payment, ProblemCode } from '@tonegate/api-schema';
import type { FromCard, Language } from '../card-link/contract.ts';
import type { CallMedia } from '../media/call-media.ts';
import { type Id, newId } from '../shared/ids.ts';
import { err, ok, type Problem, type Result } from '../shared/result.ts';
import type { LegEnd, LegHandlers, Registration, SipLeg } from '../sip/leg.ts';
import { AgentRings } from './agent-rings.ts';
import type { PaymentStarter } from './books.ts';
import { type CallInput, type CallOutput, type CallState, newCall, shownState, sounding, stepCall } from './call.ts';
import type { CallOwner, CallParty } from './call-owner.ts';
import type { CallMerchant, CallParts } from './call-parts.ts';
import { CallPayments } from './call-payments.ts';
import { agentRefusal, paymentRefusal } from './call-refusal.ts';
import { CustomerGate } from './customer-gate.ts';
import { CustomerLine } from './customer-line.ts';
import { KeyWatch } from './key-watch.ts';
import type { PaymentSession } from './payment-session.ts';
import { type PaymentTerms, spoken } from './payment-terms.ts';

const LEG_LOST_LIMIT = 3;
/** Keys by SIP INFO, and by nothing else, that end a payment in which none is heard. */
const INFO_LIMIT = 3;
/** How often in one call a window that was lost is rung again without having registered anew. */
const AGENT_LOST_LIMIT = 3;

/** The driver of one call: makes true what the machines in `call.ts` and `payment-mode.ts` say. */
export class CallSession {
  readonly id: Id;
  readonly direction: 'in' | 'out';
  readonly merchant: CallMerchant;
  readonly startedAt: number;
  readonly #parts: CallParts;
  readonly #owner: CallOwner;
  readonly #state: CallState;
  readonly #gate: CustomerGate;
  readonly #line: CustomerLine;
  #media: CallMedia | undefined;
  #rings: AgentRings | undefined;
  #party: CallParty;
  #person: Id | undefined;
  readonly #approached = new Set<Id>();
  readonly #declined = new Set<Id>();
  readonly #payments: CallPayments;
  #answeredAt: number | undefined;
  #endedAt: number | undefined;
  readonly #keys: KeyWatch;
  #stopTimer: () => void = () => {};
  #over = false;
  #depth = 0;
  #legsLost = 0;
  #agentsLost = 0;
  #agentLeft = false;

  constructor(direction: 'in' | 'out', merchant: CallMerchant, party: CallParty, parts: CallParts, owner: CallOwner) {
    this.id = newId(parts.clock.now());
    this.direction = direction;
    this.merchant = merchant;
    this.#party = party;
    this.#parts = parts;
    this.#owner = owner;
    this.#state = newCall(direction);
    this.startedAt = parts.clock.now();
    this.#gate = new CustomerGate({
      leg: this.id,
      link: parts.link,
      clock: parts.clock,
      bind: parts.bind,
      merchant: merchant.id,
    });
    this.#keys = new KeyWatch({
      call: this.id,
      link: parts.link,
      clock: parts.clock,
      gate: this.#gate,
      changed: () => this.#changed(),
      counted: (way) => owner.keyCounted(this, way),
    });
    this.#payments = new CallPayments({
      call: this.id,
      merchant: merchant.id,
      parts,
      gate: this.#gate,
      sfuCounts: async () => this.#media?.counts(),
      shutValve: () => this.#shutMedia(),
      events: {
        holds: (active) => this.#input({ type: 'payment', active }),
        begins: (payment, by) => owner.paymentBegins(this, payment, by),
        refused: (payment) => owner.paymentRefused(payment),
        changed: (payment) => {
          if (payment) owner.paymentChanged(this, payment);
          this.#changed();
        },
        ledgerWanted: (payment) => owner.ledgerWanted(payment),
        receipt: (facts) => owner.receipt(this, facts),
      },
    });
    this.#line = new CustomerLine({
      call: this.id,
      parts,
      gate: this.#gate,
      isEnded: () => this.ended,
      isPaying: () => this.#payments.active,
      events: {
        opened: (media) => this.#opened(media),
        ringing: () => this.#changed(),
        early: () => this.#input({ type: 'customer-early' }),
        answered: () => {
          this.#answeredAt ??= parts.clock.now();
          this.#input({ type: 'customer-up' });
        },
        gone: (end) => this.#input({ type: 'customer-gone', end }),
        unusable: () => this.#input({ type: 'end', end: 'not-reachable' }),
        codecChanged: async () => this.#rings?.renegotiate(),
        keyByInfo: () => this.#keyByInfo(),
        broken: (what, cause) => this.#broken(what, cause),
      },
    });
  }

  /** The agent whose call it is: who answered or dialled, also while their window is away. */
  get person(): Id | undefined {
    return this.#person;
  }

  /** Who is rung, or is about to be. */
  get ringing(): Id[] {
    return [...this.#approached, ...(this.#rings?.ringing ?? [])];
  }

  /** Agents who said no to this call are not rung again for it, unless it comes back to the queue. */
  mayRing(person: Id): boolean {
    return !this.#declined.has(person) && !this.ringing.includes(person);
  }

  get ended(): boolean {
    return this.#state.end !== undefined;
  }

  /** Whether agents are looked for. */
  get searching(): boolean {
    return !this.ended && !this.#state.announcing && this.#person === undefined;
  }

  /** The trunk it goes through; null for a phone with an account of its own. */
  get trunk(): string | null {
    return this.#line.trunk;
  }

  /** What its customer is spoken to in: that of the number that was called, else the merchant's. */
  get language(): Language {
    return spoken(this.#parts.link.languages, this.#party.language, this.merchant.language);
  }

  get payment(): PaymentSession | undefined {
    return this.#payments.current;
  }

  /** Packet counts of both valves, for operators and proofs. */
  async counts(): Promise<CallCounts> {
    return { gate: this.#gate.counts ?? null, sfu: (await this.#media?.counts()) ?? null };
  }

  // ---- the customer's side ----

  /** An incoming call: `leg` was handed over by the SIP server, these are its handlers. */
  takeIncoming(leg: SipLeg): LegHandlers {
    this.#line.take(leg);
    this.#line
      .begin()
      .then((rings) => rings && this.#owner.agentsWanted(this))
      .catch((cause) => this.#broken('incoming', cause));
    return this.#line.handlers();
  }

  /** An outgoing call: the agent's window rings and answers by itself, the customer is called through the trunk. */
  async callOut(person: Id, registration: Registration, trunk: string, from: string): Promise<void> {
    this.#person = person;
    if (!(await this.#line.prepare(trunk))) return this.#input({ type: 'end', end: 'not-reachable' });
    await this.#rings?.ring(person, registration, true);
    if (!this.ended) this.#line.dial(this.#party.called, from);
  }

  #opened(media: CallMedia): void {
    this.#media = media;
    this.#rings = new AgentRings({
      call: this.id,
      sip: this.#parts.sip,
      media,
      caller: {
        user: this.#party.number ?? 'anonymous',
        ...(this.#party.displayName !== null && { displayName: this.#party.displayName }),
      },
      events: {
        answered: (person) => this.#agentAnswered(person),
        declined: (person) => this.#agentDeclined(person),
        ended: (_person, end) => this.#agentEnded(end),
      },
    });
  }

  // ---- the agents' side ----

  /** Rings one window of an agent; `resume` for the window of the agent whose call it is. */
  async ringAgent(person: Id, registration: Registration, resume: boolean): Promise<void> {
    if (this.ended || !this.#rings) return;
    this.#approached.add(person);
    this.#input({ type: 'agents-ringing' });
    await this.#rings.ring(person, registration, resume).catch((cause) => this.#broken('agent leg', cause));
    this.#approached.delete(person);
    this.#changed();
  }

  /** Nobody is there to ring, or nobody took it. */
  nobody(): void {
    this.#input({ type: 'nobody', announce: this.#parts.nobody === 'announce' || this.#answeredAt !== undefined });
  }

  #agentAnswered(person: Id): void {
    this.#person = person;
    this.#stopTimer();
    this.#agentLeft = false;
    this.#input({ type: 'agent-up' });
  }

  #agentDeclined(person: Id): void {
    if (this.#person === person && this.#state.agent !== 'up') {
      // The dialled call's own window said no, or the window that came back did.
      if (this.direction === 'out' && this.#answeredAt === undefined)
        return this.#input({ type: 'end', end: 'agent-hung-up' });
      return;
    }
    this.#declined.add(person);
    this.#owner.declined(this, person);
    this.#changed();
  }

  #agentEnded(end: LegEnd): void {
    const left = end.cause === 'hung-up' && end.by === 'far';
    if (left) {
      if (this.#state.payment) {
        this.#agentLeft = true;
        this.#person = undefined;
      }
      this.#input({ type: 'agent-hung-up' });
    } else {
      const person = this.#person;
      this.#input({ type: 'agent-lost' });
      // The window may still be there (a re-INVITE that failed): it need not wait for a registration to be rung again.
      if (person !== undefined && !this.ended && ++this.#agentsLost <= AGENT_LOST_LIMIT)
        this.#owner.agentLost(this, person);
    }
  }

  /** The agent signed out, or won't come back. */
  giveUpAgent(): void {
    this.#stopTimer();
    if (this.#state.agent === 'up') this.#input({ type: 'agent-lost' });
    this.#person = undefined;
    this.#input({ type: 'agent-given-up' });
  }

  // ---- what the agent asks ----

  hold(on: boolean): Result<void, Problem<ProblemCode>> {
    const refused = agentRefusal(this.#state);
    if (refused) return err(refused);
    this.#input({ type: 'hold', on });
    return ok(undefined);
  }

  sendKey(key: string): Result<void, Problem<ProblemCode>> {
    const refused = agentRefusal(this.#state);
    if (refused) return err(refused);
    if (!this.#gate.far?.keysOut) {
      return err({
        code: 'keys-impossible',
        message: "the other side takes no key events: keys can't be sent in this call",
      });
    }
    this.#gate.sendKey(key);
    return ok(undefined);
  }

  /** Asks the customer to press 1: whether and how it reaches us. */
  async testKeys(): Promise<Result<KeyTest, Problem<ProblemCode>>> {
    const refused = agentRefusal(this.#state);
    if (refused) return err(refused);
    if (this.#state.hold) return err({ code: 'not-possible', message: 'the call is held: take it back first' });
    return this.#keys.test(this.language);
  }

  hangUp(): Result<void, Problem<ProblemCode>> {
    if (this.ended) return ok(undefined);
    // With its outcome known nothing is lost, however long the wall has to stay shut.
    if (this.#state.payment && this.payment?.result === undefined) {
      return err({ code: 'already-in-payment', message: 'a payment is running: stop it first, then hang up' });
    }
    this.#input({ type: 'end', end: 'agent-hung-up' });
    return ok(undefined);
  }

  /** Why no payment can be started in this call now. */
  paymentRefusal(): Problem<ProblemCode> | undefined {
    const { link, paymentsClosed } = this.#parts;
    return paymentRefusal(this.#state, {
      cardProcessUp: link.up,
      closed: paymentsClosed?.(this.trunk),
      keysImpossible: this.#keys.isImpossible,
    });
  }

  /** Starts payment mode. Resolves when the dialogue runs behind the wall, or with why it can't. */
  async startPayment(terms: PaymentTerms, by: PaymentStarter): Promise<Result<Payment, Problem<ProblemCode>>> {
    const refused = this.paymentRefusal();
    if (refused) return err(refused);
    this.#gate.play(undefined, this.language);
    return this.#payments.start(terms, by);
  }

  #keyByInfo(): void {
    this.#keys.byInfo();
    // A customer who keys into nothing is told so, instead of being asked again and again.
    const payment = this.payment;
    if (payment?.active && this.#keys.isImpossible && this.#keys.view().info >= INFO_LIMIT) {
      this.#parts.link.send({ type: 'no-keys', payment: payment.id });
    }
  }

  // ---- the card process ----

  /** Takes in a message about this call's leg or payment. */
  heard(message: FromCard): void {
    if ('payment' in message && message.payment !== undefined && message.type !== 'wall') {
      this.#payments.heard(message);
      return;
    }
    if (message.type === 'leg-lost') return this.#legLost();
    this.#gate.heard(message);
    this.#keys.heard(message);
    if (message.type === 'keys-seen' || message.type === 'wall') this.#payments.heard(message);
    if (message.type === 'wall') this.#reconcile();
    if (message.type === 'played' && this.#state.announcing) this.#input({ type: 'announced' });
  }

  /** The card process gave up this leg alone (a bug of its own): as if it had died, a few times. */
  #legLost(): void {
    this.cardLost();
    if (++this.#legsLost > LEG_LOST_LIMIT)
      return this.#broken('card process', new Error('the leg was lost again and again'));
    void this.cardBack();
  }

  cardLost(): void {
    this.#gate.lost();
    this.#keys.lost();
    this.#reconcile();
    this.#payments.input({ type: 'card-lost' });
  }

  /** A new card process is up: the leg is opened again on its old ports, shut; then the ledger is asked. */
  async cardBack(): Promise<void> {
    if (this.ended) return this.#payments.input({ type: 'card-back' });
    if (!this.#gate.isReady) return;
    const opened = await this.#gate.open();
    if (!opened.ok)
      return this.#broken('card process', new Error(`the leg could not be opened again: ${opened.error}`));
    try {
      if (await this.#media?.reconnectCustomer(this.#gate.ready.ssrc)) await this.#rings?.renegotiate();
    } catch (cause) {
      return this.#broken('card process', cause);
    }
    this.#payments.input({ type: 'card-back' });
    this.#reconcile();
  }

  // ---- the machine ----

  /** The server ends the call. */
  end(end: CallEnd): void {
    this.#input({ type: 'end', end });
  }

  #input(input: CallInput): void {
    this.#depth++;
    const outputs = stepCall(this.#state, input);
    if (this.ended) {
      this.#endedAt ??= this.#parts.clock.now();
      this.#keys.ended();
    }
    // The wall first, then all else.
    this.#reconcile();
    for (const output of outputs) this.#carryOut(output);
    // What is carried out may bring further inputs: the outermost tells of them all at once.
    if (--this.#depth > 0) return;
    this.#changed();
    this.#finish();
  }

  /** Makes the two valves and what the customer hears as the state wants them. */
  #reconcile(): void {
    const { wall, sound } = sounding(this.#state);
    const media = this.#media;
    if (!media) return;
    if (this.#payments.active) return this.#shutValve();
    this.#gate.want(wall);
    if (wall === 'open' && this.#gate.state === 'open') {
      if (media.valve !== 'open') media.open().catch((cause) => this.#broken('valve', cause));
    } else if (media.valve !== 'shut') this.#shutValve();
    if (!this.ended) this.#gate.play(sound, this.language);
  }

  #shutValve(): void {
    if (this.#media?.valve === 'open') this.#shutMedia().catch((cause) => this.#broken('valve', cause));
  }

  /** Shuts the second valve; then the agent's window is told of the stream that it will be sent when it opens. */
  async #shutMedia(): Promise<void> {
    await this.#media?.shut();
    this.#rings?.renegotiate().catch((cause) => this.#broken('agent leg', cause));
  }

  #carryOut(output: CallOutput): void {
    switch (output.type) {
      case 'answer-customer':
        this.#line.answer();
        return;
      case 'refuse-customer':
        this.#line.refuse();
        return;
      case 'end-customer':
        this.#line.end();
        this.#payments.input({ type: 'customer-gone' });
        this.#gate.close();
        return;
      case 'end-agents':
        this.#rings?.end(true);
        return;
      case 'ring-agents':
        if (this.#agentLeft) return this.#input({ type: 'end', end: 'agent-hung-up' });
        this.#declined.clear();
        this.#stopTimer();
        this.#stopTimer = this.#parts.clock.after(this.#parts.queueMs, () => this.nobody());
        this.#owner.agentsWanted(this);
        return;
      case 'await-agent':
        this.#stopTimer();
        this.#stopTimer = this.#parts.clock.after(this.#parts.awaitAgentMs, () => this.giveUpAgent());
        return;
      case 'ended':
        this.#stopTimer();
        this.#gate.close();
        return;
    }
  }

  /** Over when the call has ended and its payment has its outcome. */
  #finish(): void {
    if (this.#over || !this.ended || this.#payments.active) return;
    this.#over = true;
    this.#media?.close();
    this.#owner.over(this);
  }

  #broken(what: string, cause: unknown): void {
    this.#parts.log.error({ call: this.id, what, cause }, 'the call is broken and ends');
    this.#input({ type: 'end', end: 'lost' });
  }

  #changed(): void {
    this.#owner.changed(this);
  }

  view(): Call {
    const state = this.#state;
    return {
      id: this.id,
      direction: this.direction,
      merchant: { id: this.merchant.id, name: this.merchant.name },
      number: this.direction === 'out' ? this.#party.called : this.#party.number,
      displayName: this.#party.displayName,
      called: this.#party.called,
      language: this.language,
      state: shownState(state),
      startedAt: this.startedAt,
      answeredAt: this.#answeredAt ?? null,
      endedAt: this.#endedAt ?? null,
      end: state.end ?? null,
      codec: this.#line.codec ?? null,
      keysPossible: !this.#keys.isImpossible,
      keys: this.#keys.view(),
      payment: this.#payments.view(),
    };
  }
}
