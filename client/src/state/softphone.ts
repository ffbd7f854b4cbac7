import type { AgentState, Call, Me } from '@tonegate/api-schema';
import type { WindowLanguage } from '../i18n/translate.ts';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Api } from '../api/api.ts';
import type { Events, EventsOptions } from '../api/events.ts';
import type { ApiProblem } from '../api/problem.ts';
import type { AudioState, CallAudio } from '../phone/call-audio.ts';
import { listAudioDevices } from '../phone/microphone.ts';
import type { Notifier } from '../phone/notifier.ts';
import type { Phone, PhoneState } from '../phone/phone.ts';
import { announce } from './announcements.ts';
import { attentionOf } from './attention.ts';
import { applyEvent, type CallsState, currentCall, NO_CALLS, withRecent } from './calls.ts';
import { CallPayments } from './call-payments.ts';
import { createDeskStore, type Desk, type Place } from './desk.ts';
import { dialableNumber } from './dial.ts';
import { MoneyDesk } from './money-desk.ts';
import { Oversight } from './oversight.ts';
import { PaymentDesk } from './payment-desk.ts';
import { Requests } from './requests.ts';
import type { Session } from './session.ts';
import type { Settings } from './settings.ts';

export interface SoftphoneParts {
  readonly api: Api;
  readonly openEvents: (options: Omit<EventsOptions, 'connect'>) => Events;
  readonly createPhone: (
    hooks: Pick<ConstructorParameters<typeof Phone>[0], 'credential' | 'serverNow' | 'changed' | 'legEnded'>,
  ) => Phone;
  readonly createAudio: (changed: (state: AudioState) => void) => CallAudio;
  readonly notifier: Notifier;
  readonly mediaDevices: MediaDevices | undefined;
  readonly settings: StoreApi<Settings>;
  readonly pause: (ms: number) => Promise<void>;
  /** A key for an intent that may need several tries. */
  readonly newKey: () => string;
  /** SHA-256 of a text, hex. */
  readonly digest: (text: string) => Promise<string>;
  /** Words of a notification for a call that rings. */
  readonly ringingWords: (call: Call, language: WindowLanguage) => { title: string; body: string };
}

/** Everything the window can do and everything it shows, without a window. */
export class Softphone {
  readonly session = createStore<Session>(() => ({ phase: 'checking', problem: null }));
  readonly calls = createStore<CallsState>(() => NO_CALLS);
  readonly desk: StoreApi<Desk>;
  readonly settings: StoreApi<Settings>;
  readonly payments: PaymentDesk;
  readonly money: MoneyDesk;
  readonly callPayments: CallPayments;
  readonly oversight: Oversight;
  readonly #parts: SoftphoneParts;
  readonly #phone: Phone;
  readonly #audio: CallAudio;
  readonly #requests: Requests;
  #events: Events | undefined;
  #keys: Promise<unknown> = Promise.resolve();

  constructor(parts: SoftphoneParts) {
    this.#parts = parts;
    this.settings = parts.settings;
    this.desk = createDeskStore(parts.notifier.permission);
    this.#requests = new Requests(this.desk, () => this.#signedOut());
    this.payments = new PaymentDesk({
      api: parts.api,
      calls: this.calls,
      desk: this.desk,
      settings: this.settings,
      requests: this.#requests,
      merchantOf: (call) => this.merchantOf(call),
    });
    this.money = new MoneyDesk({
      api: parts.api,
      calls: this.calls,
      pause: parts.pause,
      newKey: parts.newKey,
      signedOut: () => this.#signedOut(),
    });
    const { api, digest } = parts;
    const signedOut = (): void => this.#signedOut();
    this.callPayments = new CallPayments({ api, signedOut });
    this.oversight = new Oversight({ api, digest, now: () => Date.now(), signedOut });
    this.#audio = parts.createAudio((audio) => this.desk.setState({ audio }));
    this.#phone = parts.createPhone({
      credential: async () => {
        const answer = await parts.api.sipCredential();
        if (!answer.ok && answer.error === 'not-signed-in') this.#signedOut();
        return answer.ok ? answer.value : undefined;
      },
      serverNow: () => Date.now() + this.calls.getState().clockOffsetMs,
      changed: (phone) => this.#phoneChanged(phone),
      legEnded: (call, answered) => {
        if (!answered) this.desk.setState({ silenced: call });
        this.#ring();
      },
    });
    this.calls.subscribe((after, before) => this.#callsChanged(before, after));
    this.money.task.subscribe(({ task }) => {
      if (task?.phase === 'done') void this.callPayments.refresh(task.about.call);
    });
    this.settings.subscribe(() => this.#useDevices());
    this.#useDevices();
  }

  /** Takes up a session that a cookie still holds, or asks to sign in. Tries again while the server can't be reached. */
  async begin(): Promise<void> {
    const me = await this.#parts.api.me();
    if (me.ok) return this.#signedIn(me.value);
    if (me.error !== 'unreachable') return this.session.setState(signedOut(null), true);
    this.session.setState({ phase: 'checking', problem: 'unreachable' }, true);
    setTimeout(() => {
      if (this.session.getState().phase === 'checking') void this.begin();
    }, 2_000);
  }

  async signIn(name: string, password: string): Promise<void> {
    this.session.setState({ phase: 'signed-out', problem: null, sending: true }, true);
    const me = await this.#parts.api.signIn({ name, password });
    if (me.ok) this.#signedIn(me.value);
    else this.session.setState(signedOut(me.error), true);
  }

  async signOut(): Promise<void> {
    const answer = await this.#parts.api.signOut();
    if (answer.ok || answer.error === 'not-signed-in') this.#signedOut();
    else this.#requests.problem('call', answer.error);
  }

  /** Takes the phone back from the other window. */
  takeOver(): void {
    const session = this.session.getState();
    if (session.phase === 'replaced') this.#signedIn(session.me);
  }

  /** The browser says that the network is back. */
  networkIsBack(): void {
    this.#events?.hurry();
    this.#phone.hurry();
  }

  async setReady(ready: boolean): Promise<void> {
    if (this.desk.getState().busy.state) return;
    const state: AgentState = ready ? 'ready' : 'not-ready';
    this.#requests.busy('state', true);
    if (ready) {
      await this.#parts.notifier.ask();
      this.desk.setState({ notifications: this.#parts.notifier.permission });
      // A customer must not be put through to somebody who can't be heard.
      if ((await this.#audio.test()) !== null) return this.#requests.busy('state', false);
      await this.#listDevices();
    }
    const answer = await this.#parts.api.setAgentState(state);
    if (answer.ok) this.calls.setState({ agent: state });
    else this.#requests.problem('call', answer.error);
    this.#requests.busy('state', false);
  }

  async answer(): Promise<void> {
    const call = this.ringingCall();
    if (call !== null) await this.#phone.answer(call.id);
  }

  reject(): void {
    const call = this.ringingCall();
    if (call === null) return;
    this.desk.setState({ silenced: call.id });
    this.#phone.reject(call.id);
    this.#ring();
  }

  /** The call that waits for this agent's answer. */
  ringingCall(): Call | null {
    return visibleCall(this.calls.getState(), this.desk.getState().silenced, (call) => isRinging(call));
  }

  toggleMute(): void {
    this.#audio.setMuted(!this.desk.getState().audio.muted);
  }

  async toggleHold(): Promise<void> {
    const call = currentCall(this.calls.getState());
    if (call === null || (call.state !== 'talking' && call.state !== 'held')) return;
    await this.#requests.send('call', 'hold', () => this.#parts.api.hold(call.id, call.state === 'talking'));
  }

  /** Sends one key to the customer's side, in the order pressed. */
  sendKey(key: string): void {
    const call = currentCall(this.calls.getState());
    if (call?.state !== 'talking') return;
    this.#keys = this.#keys
      .then(() => this.#parts.api.sendKey(call.id, key))
      .then((answer) => this.#requests.problem('call', answer.ok ? null : answer.error));
  }

  setDialText(dialText: string): void {
    this.desk.setState({ dialText, dialInvalid: false });
  }

  async dial(merchant: string): Promise<void> {
    const number = dialableNumber(this.desk.getState().dialText);
    if (number === null) return this.desk.setState({ dialInvalid: true });
    if (this.desk.getState().busy.dial) return;
    this.#requests.busy('dial', true);
    if ((await this.#audio.test()) !== null) return this.#requests.busy('dial', false);
    const answer = await this.#parts.api.startCall({ number, merchant });
    this.#requests.problem('call', answer.ok ? null : answer.error);
    if (answer.ok) this.desk.setState({ dialText: '' });
    this.#requests.busy('dial', false);
  }

  async hangUp(): Promise<void> {
    const call = currentCall(this.calls.getState());
    if (call === null) return;
    // Where the server is out of reach by one way, it may still hear the other.
    if (this.desk.getState().serverLostAt !== null) this.#phone.end(call.id);
    const problem = await this.#requests.send('call', 'hang-up', () => this.#parts.api.hangUp(call.id));
    if (problem === 'unreachable') this.#phone.end(call.id);
  }

  dismissProblem(place: Place): void {
    this.#requests.problem(place, null);
  }

  change(settings: Partial<Settings>): void {
    this.settings.setState(settings);
  }

  async openDevices(): Promise<void> {
    await this.#listDevices();
  }

  async testMicrophone(): Promise<void> {
    await this.#audio.test();
    await this.#listDevices();
  }

  async resumeSound(): Promise<void> {
    await this.#audio.resume();
  }

  /** Merchant of a call as this agent knows it: its currency and language. */
  merchantOf(call: Call | null): Me['merchants'][number] | undefined {
    const session = this.session.getState();
    if (session.phase !== 'signed-in') return undefined;
    return session.me.merchants.find((merchant) => merchant.id === call?.merchant.id);
  }

  #signedIn(me: Me): void {
    this.session.setState({ phase: 'signed-in', me }, true);
    this.#events = this.#parts.openEvents({
      event: (event) => {
        if (event.type === 'replaced') return this.#replaced(me);
        this.calls.setState((state) => applyEvent(state, event, Date.now()), true);
        if (event.type === 'snapshot') void this.#loadRecent();
      },
      connected: (connected) =>
        this.desk.setState(({ serverLostAt }) => ({ serverLostAt: connected ? null : (serverLostAt ?? Date.now()) })),
      mayConnect: async () => {
        const answer = await this.#parts.api.me();
        if (!answer.ok && answer.error === 'not-signed-in') this.#signedOut();
        return this.session.getState().phase === 'signed-in';
      },
    });
    this.desk.setState({ serverLostAt: Date.now(), phoneLostAt: Date.now() });
    this.#phone.start();
    void this.#listDevices();
  }

  #replaced(me: Me): void {
    this.#disconnect();
    this.session.setState({ phase: 'replaced', me }, true);
  }

  #signedOut(): void {
    if (this.session.getState().phase === 'signed-out') return;
    this.#disconnect();
    this.session.setState(signedOut(null), true);
  }

  #disconnect(): void {
    this.#events?.stop();
    this.#events = undefined;
    this.#phone.stop();
    this.#audio.close();
    this.#audio.ring(false);
    this.#parts.notifier.clear();
    this.calls.setState(NO_CALLS, true);
    this.payments.clear();
    this.money.clear();
    this.callPayments.clear();
    this.oversight.clear();
    this.desk.setState({
      serverLostAt: null,
      phoneLostAt: null,
      problems: { call: null, payment: null },
      keyTest: null,
      helped: null,
    });
  }

  #phoneChanged(phone: PhoneState): void {
    const before = this.desk.getState();
    const lost = phone.registration === 'registered' || phone.registration === 'off' ? null : Date.now();
    // The same call may ring here anew, after all others have declined it.
    const { silenced } = before;
    const rings = silenced !== null && phone.legs[silenced] === 'invited' && before.phone.legs[silenced] === undefined;
    this.desk.setState({
      phone,
      phoneLostAt: lost === null ? null : (before.phoneLostAt ?? lost),
      silenced: rings ? null : silenced,
    });
    this.#ring();
  }

  #callsChanged(before: CallsState, after: CallsState): void {
    const was = currentCall(before);
    const is = currentCall(after);
    if (is !== null && was?.id !== is.id && after.kept === null) this.payments.clear();
    if (was?.id !== is?.id) {
      this.#requests.problem('payment', null);
      this.desk.setState({ keyTest: null, helped: null });
    }
    if (is?.payment?.outcome === 'approved' && was?.payment?.outcome !== 'approved') this.payments.clear();
    const what = announce(before, after);
    if (what.length > 0) {
      this.desk.setState(({ announced }) => ({ announced: { number: announced.number + 1, what } }));
    }
    for (const sound of attentionOf(before, after).once) {
      this.#audio.play(sound);
    }
    this.#ring();
  }

  // Rings, notifies, or stops both: whatever the calls and this agent's answer say now.
  #ring(): void {
    const call = this.ringingCall();
    const leg = call === null ? undefined : this.desk.getState().phone.legs[call.id];
    if (call === null || leg === 'answering' || leg === 'established') {
      this.#audio.ring(false);
      this.#parts.notifier.clear();
      return;
    }
    this.#audio.ring(true);
    const words = this.#parts.ringingWords(call, this.settings.getState().language);
    this.#parts.notifier.show(words.title, words.body);
  }

  async #loadRecent(): Promise<void> {
    const answer = await this.#parts.api.recentCalls();
    if (answer.ok) this.calls.setState((state) => ({ recent: withRecent(state.recent, answer.value.calls) }));
  }

  async #listDevices(): Promise<void> {
    this.desk.setState({ devices: await listAudioDevices(this.#parts.mediaDevices) });
  }

  #useDevices(): void {
    const { microphone, speaker, ringer } = this.settings.getState();
    void this.#audio.choose({
      microphone: microphone ?? undefined,
      speaker: speaker ?? undefined,
      ringer: ringer ?? undefined,
    });
  }
}

function signedOut(problem: ApiProblem | null): Session {
  return { phase: 'signed-out', problem, sending: false };
}

function isRinging(call: Call): boolean {
  return call.state === 'ringing' && call.direction === 'in';
}

function visibleCall(state: CallsState, silenced: string | null, fits: (call: Call) => boolean): Call | null {
  const call = currentCall(state);
  return call !== null && call.id !== silenced && fits(call) ? call : null;
}
