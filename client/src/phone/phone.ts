import { CALL_HEADER, RESUME_HEADER } from '@tonegate/api-schema';
import { type Invitation, type Session, SessionState, UserAgent } from 'sip.js';
import { err, ok, type Result } from '../api/result.ts';
import type { CallAudio } from './call-audio.ts';
import { Connection, type Credential, type Registration } from './connection.ts';
import { g711SessionFactory, peerConnectionOf } from './g711-session.ts';
import type { MicrophoneProblem } from './microphone.ts';
import { type MediaSample, type Quality, rateQuality, sampleOf } from './quality.ts';

/** invited: rings here · answering · established: sound flows. */
export type LegState = 'invited' | 'answering' | 'established';

export interface PhoneState {
  readonly registration: Registration;
  /** Our end of each call, by the call's id. */
  readonly legs: Readonly<Record<string, LegState>>;
  readonly quality: Quality | null;
}

export interface PhoneOptions {
  /** `wss://host[:port]` of the server. */
  readonly server: string;
  readonly instanceId: string;
  readonly audio: CallAudio;
  readonly credential: () => Promise<Credential | undefined>;
  /** The server's clock (UTC ms). */
  readonly serverNow: () => number;
  readonly changed: (state: PhoneState) => void;
  /** An end of ours is gone; `answered` says whether it ever stood. */
  readonly legEnded: (call: string, answered: boolean) => void;
}

interface Leg {
  readonly session: Invitation;
  state: LegState;
  track: MediaStreamTrack | undefined;
}

/** How often the network is rated in a call, ms. */
const QUALITY_EVERY_MS = 2_000;

/**
 * The SIP and WebRTC end of the softphone. It only ever answers: calls, holds and hang-ups are the server's, which
 * sends the INVITE for an outgoing call too.
 */
export class Phone {
  readonly #options: PhoneOptions;
  readonly #connection: Connection;
  readonly #legs = new Map<string, Leg>();
  readonly #wanted = new Set<string>();
  #quality: Quality | null = null;
  #qualityTimer: ReturnType<typeof setInterval> | undefined;

  constructor(options: PhoneOptions) {
    this.#options = options;
    this.#connection = new Connection({
      credential: options.credential,
      instanceId: options.instanceId,
      serverNow: options.serverNow,
      createAgent: (credential) => this.#createAgent(credential),
      busy: () => this.#legs.size > 0,
      changed: () => this.#report(),
    });
  }

  start(): void {
    this.#connection.start();
  }

  /** Ends every leg and the registration. */
  stop(): void {
    for (const leg of this.#legs.values()) this.#end(leg);
    this.#connection.stop();
  }

  /** The network is said to be back: don't wait for the next attempt. */
  hurry(): void {
    this.#connection.hurry();
  }

  /** Answers; if the INVITE isn't here yet, as soon as it comes. Refused with what is wrong with the microphone. */
  async answer(call: string): Promise<Result<undefined, MicrophoneProblem>> {
    const leg = this.#legs.get(call);
    if (leg === undefined) {
      this.#wanted.add(call);
      return ok(undefined);
    }
    if (leg.state !== 'invited') return ok(undefined);
    this.#setState(leg, 'answering');
    const track = await this.#options.audio.open();
    if (!track.ok) {
      this.#setState(leg, 'invited');
      return err(track.error);
    }
    await this.#accept(call, leg, track.value);
    return ok(undefined);
  }

  /** Declines a ringing call for this agent (486); others may still take it. */
  reject(call: string): void {
    const leg = this.#legs.get(call);
    // It may be cancelled in this very moment, which is as good.
    if (leg?.state === 'invited') void leg.session.reject({ statusCode: 486 }).catch(() => undefined);
  }

  /** Ends our end by SIP: the way out when the API can't be reached. */
  end(call: string): void {
    const leg = this.#legs.get(call);
    if (leg !== undefined) this.#end(leg);
  }

  #createAgent(credential: Credential): UserAgent {
    const uri = UserAgent.makeURI(`sip:${credential.user}@${credential.domain}`);
    if (uri === undefined) throw new Error(`the SIP credential has an unusable name or domain: ${credential.domain}`);
    return new UserAgent({
      uri,
      authorizationUsername: credential.user,
      authorizationPassword: credential.password,
      transportOptions: { server: this.#options.server + credential.path, connectionTimeout: 5, traceSip: false },
      sessionDescriptionHandlerFactory: g711SessionFactory((session) => this.#streamFor(session)),
      instanceId: this.#options.instanceId,
      // The server decides how long a call rings.
      noAnswerTimeout: 300,
      gracefulShutdown: false,
      logBuiltinEnabled: false,
      delegate: { onInvite: (invitation) => this.#invited(invitation) },
    });
  }

  #streamFor(session: Session): MediaStream {
    const leg = [...this.#legs.values()].find((candidate) => candidate.session === session);
    if (leg?.track === undefined) throw new Error('a session is answered only with its track open');
    return new MediaStream([leg.track]);
  }

  #invited(session: Invitation): void {
    const call = session.request.getHeader(CALL_HEADER);
    if (call === undefined) {
      void session.reject({ statusCode: 404 }).catch(() => undefined);
      return;
    }
    // The call comes back on a new connection: the end that hung on the old one is closed here only, without a BYE
    // that the server could take for a hang-up.
    const earlier = this.#legs.get(call);
    const leg: Leg = { session, state: 'invited', track: undefined };
    this.#legs.set(call, leg);
    earlier?.session.sessionDescriptionHandler?.close();
    session.stateChange.addListener((state) => {
      if (state === SessionState.Terminated) this.#terminated(call, leg);
    });
    this.#report();
    if (session.request.getHeader(RESUME_HEADER) === '1') void this.#resume(call, leg);
    else if (this.#wanted.delete(call)) void this.answer(call);
  }

  async #resume(call: string, leg: Leg): Promise<void> {
    this.#setState(leg, 'answering');
    await this.#accept(call, leg, await this.#options.audio.openOrSilence());
  }

  async #accept(call: string, leg: Leg, track: MediaStreamTrack): Promise<void> {
    leg.track = track;
    try {
      await leg.session.accept();
    } catch {
      // Cancelled or hung up while the answer was made; `terminated` has told it, or tells it now.
      if (leg.session.state !== SessionState.Terminated) this.#end(leg);
    }
    const connection = peerConnectionOf(leg.session);
    if (leg.session.state !== SessionState.Established || this.#legs.get(call) !== leg || connection === undefined) {
      if (this.#legs.size === 0) this.#options.audio.close();
      return;
    }
    const stream = new MediaStream(connection.getReceivers().map((receiver) => receiver.track));
    this.#options.audio.connected(connection.getSenders()[0], stream);
    this.#setState(leg, 'established');
    this.#watchQuality(connection);
  }

  #end(leg: Leg): void {
    const { session } = leg;
    const ended =
      session.state === SessionState.Established
        ? session.bye()
        : session.state === SessionState.Initial || session.state === SessionState.Establishing
          ? session.reject({ statusCode: 480 })
          : Promise.resolve();
    void ended.catch(() => undefined);
  }

  #terminated(call: string, leg: Leg): void {
    if (this.#legs.get(call) !== leg) return;
    this.#legs.delete(call);
    this.#wanted.delete(call);
    if (this.#legs.size === 0) {
      clearInterval(this.#qualityTimer);
      this.#quality = null;
      this.#options.audio.close();
    }
    this.#report();
    this.#options.legEnded(call, leg.state === 'established');
  }

  #watchQuality(connection: RTCPeerConnection): void {
    clearInterval(this.#qualityTimer);
    let before: MediaSample | undefined;
    this.#qualityTimer = setInterval(() => {
      void connection.getStats().then((report) => {
        if (connection.connectionState === 'closed') return;
        const now = sampleOf(report);
        const lost = connection.connectionState === 'failed' || connection.connectionState === 'disconnected';
        this.#quality = lost ? 'poor' : rateQuality(before, now);
        before = now;
        this.#report();
      });
    }, QUALITY_EVERY_MS);
  }

  #setState(leg: Leg, state: LegState): void {
    leg.state = state;
    this.#report();
  }

  #report(): void {
    this.#options.changed({
      registration: this.#connection.registration,
      legs: Object.fromEntries([...this.#legs].map(([call, leg]) => [call, leg.state])),
      quality: this.#quality,
    });
  }
}
