import type { SilenceFacts } from '../storage/receipts.ts';
import type {
  AgentState,
  Call,
  CallCounts,
  DoMoney,
  KeyTest,
  Payment,
  ProblemCode,
  ServerEvent,
  StartPayment,
} from '@tonegate/api-schema';
import type { FieldAgain, FromCard, Hint, Language, Resolution } from '../card-link/contract.ts';
import type { Id } from '../shared/ids.ts';
import { err, ok, type Problem, type Result } from '../shared/result.ts';
import type { LegHandlers, Registration, SipLeg } from '../sip/leg.ts';
import { Agents, latestWindow } from './agents.ts';
import { type Answer, type Asker, isTheirs, notFound } from './asker.ts';
import type { Books, PaymentStarter } from './books.ts';
import type { CallMerchant, CallParts } from './call-parts.ts';
import type { CallOwner } from './call-owner.ts';
import { CallSession } from './call-session.ts';
import type { KeyWay } from './key-watch.ts';
import type { ManualList } from './operator-list.ts';
import { PaymentDesk } from './payment-desk.ts';

/** What `calls/` needs to know of people, merchants and numbers. Handed in by `main.ts`, answered from memory or storage. */
export interface Directory {
  /** The merchant a number leads to. */
  merchantOfNumber(number: string): CallMerchant | undefined;
  /** What callers of a number are spoken to in, where it isn't the merchant's language. */
  languageOfNumber(number: string): Language | undefined;
  merchant(id: Id): CallMerchant | undefined;
  /** The person of a SIP account, if it is an agent's. */
  personOfAccount(user: string): Id | undefined;
  /** People who may take this merchant's calls. */
  members(merchant: Id): readonly Id[];
  /** How this merchant calls out. */
  outgoing(merchant: Id): { readonly trunk: string; readonly from: string } | undefined;
}

export interface CallsOptions {
  readonly parts: CallParts;
  readonly directory: Directory;
  readonly books: Books;
  /** Counts where customers leave. */
  readonly funnel?: {
    heard(message: FromCard): void;
    changed(payment: Payment, trunk: string | null): void;
  };
  /** Calls at the same time. */
  readonly limit: number;
}

/** Ended calls of which those who were in them are told that they have ended. */
const REMEMBERED_CALLS = 1000;

/** All calls of this server, and the agents' states. */
export class Calls implements CallOwner {
  readonly #options: CallsOptions;
  readonly #sessions = new Map<Id, CallSession>();
  readonly #agents = new Agents();
  readonly #keys = new Map<string, Map<KeyWay, number>>();
  readonly #desk: PaymentDesk;
  readonly #ended = new Map<Id, { readonly person: Id | undefined; readonly merchant: CallMerchant }>();
  #draining = false;

  constructor(options: CallsOptions) {
    this.#options = options;
    this.#desk = new PaymentDesk({
      parts: options.parts,
      books: options.books,
      sessions: this.#sessions,
      isDraining: () => this.#draining,
      tell: (person, event) => this.#agents.tell(person, event),
    });
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** How many calls are in each state, for metrics. */
  states(): Map<Call['state'], number> {
    const states = new Map<Call['state'], number>();
    for (const session of this.#sessions.values()) {
      const { state } = session.view();
      states.set(state, (states.get(state) ?? 0) + 1);
    }
    return states;
  }

  /** Keys that came in since the start, by trunk (empty: none) and way, for metrics. */
  get keysSeen(): ReadonlyMap<string, ReadonlyMap<KeyWay, number>> {
    return this.#keys;
  }

  session(call: Id): CallSession | undefined {
    return this.#sessions.get(call);
  }

  // ---- SIP ----

  /** An incoming call for one of our numbers. */
  incoming(leg: SipLeg): LegHandlers {
    const ignored: LegHandlers = {
      established: () => {},
      reoffered: () => err({ status: 488 }),
      offerWanted: () => '',
      ended: () => {},
    };
    if (this.#draining || this.#sessions.size >= this.#options.limit) {
      leg.reject(503, { retryAfter: 10 });
      return ignored;
    }
    const merchant = this.#options.directory.merchantOfNumber(leg.called.user);
    if (!merchant) {
      leg.reject(404);
      return ignored;
    }
    const party = {
      number: leg.far.withheld ? null : leg.far.user || null,
      displayName: leg.far.withheld ? null : (leg.far.displayName ?? null),
      called: leg.called.user,
      language: this.#options.directory.languageOfNumber(leg.called.user),
    };
    const session = new CallSession('in', merchant, party, this.#options.parts, this);
    this.#sessions.set(session.id, session);
    return session.takeIncoming(leg);
  }

  registered(registration: Registration): void {
    const person = this.#options.directory.personOfAccount(registration.user);
    if (person === undefined) return;
    const agent = this.#agents.of(person);
    const fresh = !agent.registrations.has(registration.id);
    agent.registrations.set(registration.id, registration);
    if (!fresh) return;
    // A window that comes back takes up its call again; else it may be rung for calls that wait.
    const own = agent.call;
    if (own && !own.ended && own.person === person) void own.ringAgent(person, registration, true);
    else this.#ringWaiting();
  }

  unregistered(registration: Registration): void {
    const person = this.#options.directory.personOfAccount(registration.user);
    if (person !== undefined) this.#agents.of(person).registrations.delete(registration.id);
  }

  // ---- the card process ----

  /** A message of the card process. */
  heard(message: FromCard): void {
    this.#options.funnel?.heard(message);
    // What names no leg answers a question about payments.
    const ofPayments = ('payment' in message && message.payment !== undefined) || !('leg' in message);
    if (ofPayments) return this.#desk.heard(message);
    if ('leg' in message && message.leg !== undefined) this.#sessions.get(message.leg)?.heard(message);
  }

  cardUp(restarted: boolean): void {
    this.#desk.cardUp();
    if (!restarted) return;
    for (const session of this.#sessions.values()) void session.cardBack();
  }

  cardDown(): void {
    this.#desk.cardDown();
    for (const session of this.#sessions.values()) session.cardLost();
  }

  // ---- what people ask (the API) ----

  snapshot(person: Id): { state: AgentState; calls: Call[] } {
    return this.#agents.snapshot(person);
  }

  subscribe(person: Id, listener: (event: ServerEvent) => void): () => void {
    return this.#agents.subscribe(person, listener);
  }

  setState(person: Id, state: AgentState): void {
    const agent = this.#agents.of(person);
    if (agent.state === state) return;
    agent.state = state;
    this.#agents.tell(person, { type: 'agent-state', state });
    if (state === 'ready') this.#ringWaiting();
  }

  async dial(person: Id, number: string, merchant: Id): Answer<Call> {
    if (this.#draining) return err({ code: 'draining', message: 'the server is being stopped: no new calls' });
    const agent = this.#agents.of(person);
    const found = this.#options.directory.merchant(merchant);
    const outgoing = this.#options.directory.outgoing(merchant);
    if (!found || !outgoing || !this.#options.directory.members(merchant).includes(person)) {
      return err({ code: 'not-found', message: 'no such merchant, or it has no trunk to call out by' });
    }
    const registration = latestWindow(agent);
    if (!registration) {
      return err({
        code: 'not-allowed',
        message: 'the softphone is not connected: wait for the line, then dial again',
      });
    }
    if (agent.call) return err({ code: 'not-allowed', message: 'you are in a call already' });
    if (this.#sessions.size >= this.#options.limit) {
      return err({ code: 'server-error', message: 'too many calls at the same time: try again in a moment' });
    }
    const language = this.#options.directory.languageOfNumber(outgoing.from);
    const party = { number: null, displayName: null, called: number, language };
    const session = new CallSession('out', found, party, this.#options.parts, this);
    this.#sessions.set(session.id, session);
    agent.call = session;
    void session.callOut(person, registration, outgoing.trunk, outgoing.from).catch((cause) => {
      this.#options.parts.log.error({ call: session.id, cause }, 'the outgoing call failed');
      session.end('not-reachable');
    });
    return ok(session.view());
  }

  async hold(person: Id, call: Id, on: boolean): Answer<Call> {
    return this.#ofCall(person, call, (session) => session.hold(on));
  }

  async hangUp(person: Id, call: Id): Answer<Call> {
    return this.#ofCall(person, call, (session) => {
      if (session.person === person) return session.hangUp();
      // It may be ringing others too.
      return err({ code: 'call-not-answered', message: 'the call only rings you: refuse it at the softphone' });
    });
  }

  async sendKey(person: Id, call: Id, key: string): Answer<void> {
    const done = this.#ofCall(person, call, (session) => session.sendKey(key));
    return done.ok ? ok(undefined) : done;
  }

  async testKeys(person: Id, call: Id): Answer<KeyTest> {
    const session = this.#sessions.get(call);
    if (!session) return this.#gone(call, { person, merchants: [] });
    return session.person === person ? session.testKeys() : notFound('call');
  }

  async counts(who: Asker, call: Id): Answer<CallCounts> {
    const session = this.#sessions.get(call);
    return session && isTheirs(who, session) ? ok(await session.counts()) : notFound('call');
  }

  async startPayment(who: Asker, request: StartPayment): Answer<Payment> {
    const session = this.#sessions.get(request.call);
    if (!session) return this.#gone(request.call, who);
    const rings = who.person !== undefined && session.ringing.includes(who.person);
    if (!rings && !isTheirs(who, session)) return notFound('call');
    return this.#desk.start(who, session, request);
  }

  payment(id: Id): Payment | undefined {
    return this.#desk.payment(id);
  }

  isPaymentOf(person: Id, payment: Id): boolean {
    return this.#desk.isOf(person, payment);
  }

  cancelPayment(who: Asker, id: Id): Answer<Payment> {
    return this.#desk.cancel(who, id);
  }

  acknowledge(who: Asker, id: Id): Answer<Payment> {
    return this.#desk.acknowledge(who, id);
  }

  askAgain(who: Asker, id: Id, field: FieldAgain): Answer<Payment> {
    return this.#desk.askAgain(who, id, field);
  }

  hint(who: Asker, id: Id, hint: Hint): Answer<Payment> {
    return this.#desk.hint(who, id, hint);
  }

  moreTime(who: Asker, id: Id): Answer<Payment> {
    return this.#desk.moreTime(who, id);
  }

  gentle(who: Asker, id: Id, on: boolean): Answer<Payment> {
    return this.#desk.gentle(who, id, on);
  }

  money(who: Asker, id: Id, wanted: DoMoney): Answer<Payment> {
    return this.#desk.money(who, id, wanted);
  }

  manual(who: Asker): Answer<ManualList> {
    return this.#desk.manual(who);
  }

  resolveManual(who: Asker, id: Id, as: Resolution): Answer<Payment> {
    return this.#desk.resolveManual(who, id, as);
  }

  told(payment: Id, outcome: NonNullable<Payment['outcome']>): boolean {
    return this.#desk.told(payment, outcome);
  }

  /** No new calls or payments; `count` falls to 0 as the running ones end. */
  drain(): void {
    this.#draining = true;
    this.#agents.tellAll({ type: 'draining' });
  }

  /** Ends what is left. */
  close(): void {
    for (const session of [...this.#sessions.values()]) session.end('server-ended');
  }

  // ---- CallOwner ----

  changed(session: CallSession): void {
    const call = session.view();
    this.#agents.changed(session, call);
    if (!this.#sessions.has(session.id)) return;
    const { organisation } = session.merchant;
    this.#options.books.call(call, { organisation, person: session.person, trunk: session.trunk });
  }

  paymentBegins(session: CallSession, payment: Payment, by: PaymentStarter): Promise<boolean> {
    return this.#options.books.begin(payment, session.merchant.organisation, by);
  }

  receipt(call: CallSession, facts: SilenceFacts): void {
    this.#options.books.receipt(call.merchant.id, facts, this.#options.parts.clock.now());
  }

  paymentRefused(payment: Id): void {
    this.#options.books.drop(payment);
  }

  paymentChanged(session: CallSession, payment: Payment): void {
    this.#desk.changed(session, payment);
    this.#options.funnel?.changed(payment, session.trunk);
  }

  agentsWanted(session: CallSession): void {
    if (!this.#ringReady(session) && session.ringing.length === 0 && session.view().answeredAt === null)
      session.nobody();
  }

  ledgerWanted(payment: Id): void {
    this.#desk.ask(payment);
  }

  declined(session: CallSession, _person: Id): void {
    if (session.searching && session.ringing.length === 0 && session.view().answeredAt === null) session.nobody();
  }

  agentLost(session: CallSession, person: Id): void {
    const registration = latestWindow(this.#agents.of(person));
    if (registration) void session.ringAgent(person, registration, true);
  }

  keyCounted(session: CallSession, way: KeyWay): void {
    const trunk = session.trunk ?? '';
    const ways = this.#keys.get(trunk) ?? new Map<KeyWay, number>();
    this.#keys.set(trunk, ways.set(way, (ways.get(way) ?? 0) + 1));
  }

  over(session: CallSession): void {
    this.#sessions.delete(session.id);
    this.#options.books.forget(session.id);
    this.#ended.set(session.id, { person: session.person, merchant: session.merchant });
    for (const id of this.#ended.keys()) {
      if (this.#ended.size <= REMEMBERED_CALLS) break;
      this.#ended.delete(id);
    }
    this.#ringWaiting();
  }

  // ---- agents ----

  /** Rings every agent who is ready, is registered and has no call; false if there was none. */
  #ringReady(session: CallSession): boolean {
    let rung = false;
    for (const person of this.#options.directory.members(session.merchant.id)) {
      const agent = this.#agents.of(person);
      const registration = latestWindow(agent);
      if (!registration || agent.state !== 'ready' || agent.call || !session.mayRing(person)) continue;
      agent.call = session;
      rung = true;
      void session.ringAgent(person, registration, false);
    }
    return rung;
  }

  #ringWaiting(): void {
    for (const session of this.#sessions.values()) if (session.searching) this.#ringReady(session);
  }

  /** The answer for a call that isn't there: has it ended, or was it never theirs? */
  #gone(call: Id, who: Asker): { ok: false; error: Problem<ProblemCode> } {
    const ended = this.#ended.get(call);
    return ended && isTheirs(who, ended)
      ? err({ code: 'call-ended', message: 'the call has ended' })
      : notFound('call');
  }

  #ofCall(
    person: Id,
    call: Id,
    act: (session: CallSession) => Result<void, Problem<ProblemCode>>,
  ): Result<Call, Problem<ProblemCode>> {
    const session = this.#sessions.get(call);
    if (!session) return this.#gone(call, { person, merchants: [] });
    if (session.person !== person && !session.ringing.includes(person)) return notFound('call');
    const done = act(session);
    return done.ok ? ok(session.view()) : done;
  }
}
