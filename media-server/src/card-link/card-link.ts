import { fileURLToPath } from 'node:url';
import { type CardHost, type FromCard, type Listener, ToCard } from '../cde/contract.ts';
import { type CardSettings } from '../cde/settings.ts';
import { type Clock } from '../shared/clock.ts';
import { type Logger } from '../shared/logger.ts';
import { err, type Result } from '../shared/result.ts';
import { type CardOwner, launch, startedWith } from './launch.ts';
import { RestartDelay } from './restart-delay.ts';
import { type CardFacts, type RemoteCard, Session } from './session.ts';

/** From the start of a card process to its greeting, ms. */
const START_LIMIT_MS = 15_000;
const CONNECT_EVERY_MS = 20;
/** How long `stop` waits for the card process to end before it leaves it to its running payments, ms. */
const STOP_LIMIT_MS = 2000;
/** Starts that fail in a row before `start` gives up. Once it was up, the link never gives up. */
const FIRST_STARTS = 4;

export interface CardLinkEvents {
  /**
   * The card process takes commands. `restarted` says that it was up before: the legs of that time are gone and have to
   * be opened again.
   */
  up(instance: string, restarted: boolean): void;
  /** Connection or process is gone. What it was doing shows by `payments` after the next `up`. */
  down(): void;
  message(message: FromCard): void;
}

export interface CardLinkOptions {
  /** What it is started with on this host, or where one runs that another host's supervisor starts. */
  readonly card: CardSettings | RemoteCard;
  /** Path of the card process's main file; default: cde/main.ts beside this folder. */
  readonly entry?: string;
  /** The user that the card process is started as; default: the server's own. */
  readonly owner?: CardOwner;
  readonly log: Logger;
  readonly clock: Clock;
  readonly events: CardLinkEvents;
}

/**
 * The server's end of the contract: starts the card process, or attaches to the one that runs, keeps it running, and
 * lets no message through in either direction that isn't in the contract.
 */
export class CardLink {
  readonly #options: CardLinkOptions;
  readonly #entry: string;
  readonly #delay = new RestartDelay();
  #session: Session | undefined;
  #facts: CardFacts | undefined;
  #wasUp = false;
  #phase: 'idle' | 'running' | 'ending' | 'ended' = 'idle';
  #loop: Promise<void> = Promise.resolve();
  #first: { resolve(): void; reject(error: Error): void } | undefined;
  /** Ends the pause or the wait that the loop is in. */
  #wake: () => void = () => {};

  constructor(options: CardLinkOptions) {
    this.#options = options;
    this.#entry = options.entry ?? fileURLToPath(new URL('../cde/main.ts', import.meta.url));
  }

  /** Languages that the guide speaks: of the card process that is or was connected. */
  get languages(): readonly string[] {
    return this.#facts?.languages ?? [];
  }

  /** What isn't in force of what keeps others out of the card process: see `CONFINEMENTS`. */
  get unconfined(): readonly string[] {
    return this.#facts?.unconfined ?? [];
  }

  /** All that the card process listens on. */
  get listens(): readonly Listener[] {
    return this.#facts?.listens ?? [];
  }

  /** Kind of the gateway that its settings name. */
  get gateway(): string | undefined {
    return this.#facts?.gateway;
  }

  /** Where it is reached, of one on another host that is or was connected. */
  get host(): CardHost | undefined {
    return this.#facts?.host;
  }

  get up(): boolean {
    return this.#session !== undefined;
  }

  /**
   * Resolves when the card process is up. Rejects when it can't be started (its log file says why) or when another
   * server holds it; then the link is over.
   */
  start(): Promise<void> {
    if (this.#phase !== 'idle') throw new Error('the card link was started before');
    this.#phase = 'running';
    return new Promise((resolve, reject) => {
      this.#first = { resolve, reject };
      this.#loop = this.#supervise();
    });
  }

  /**
   * Sends a command; false while the card process is down: it was not sent and won't be.
   *
   * @throws TypeError if the message isn't in the contract: the caller's bug. The error names fields, never values.
   */
  send(message: ToCard): boolean {
    const checked = ToCard.safeParse(message);
    if (!checked.success) {
      const fields = checked.error.issues.map((issue) => issue.path.join('.')).join(', ');
      throw new TypeError(`the command ${message.type} isn't in the contract: see ${fields}`);
    }
    return this.#session?.send(checked.data) ?? false;
  }

  /**
   * No new payments; resolves when the card process has ended, which it does when no payment runs and no leg is open.
   * It isn't started again.
   */
  async drain(): Promise<void> {
    this.#endLoop();
    this.#session?.send({ type: 'drain' });
    await this.#loop;
  }

  /**
   * Leaves the card process: it ends, or, where payments run in it, finishes these first (the customers are told), on
   * its own.
   */
  async stop(): Promise<void> {
    this.#endLoop();
    const session = this.#session;
    let cancel = () => {};
    if (session) {
      session.send({ type: 'drain' });
      session.end();
      cancel = this.#options.clock.after(STOP_LIMIT_MS, () => session.close('left'));
    }
    await this.#loop;
    cancel();
  }

  #endLoop(): void {
    if (this.#phase === 'running') this.#phase = 'ending';
    this.#wake();
  }

  async #supervise(): Promise<void> {
    const { log, clock } = this.#options;
    let failures = 0;
    while (this.#phase === 'running') {
      let livedMs = 0;
      const reached = await this.#reach();
      const session = reached.ok ? reached.value : undefined;
      if (this.#phase !== 'running') {
        session?.send({ type: 'drain' });
        session?.end();
        break;
      }
      if (session?.greeting.kind === 'ready') {
        failures = 0;
        const since = clock.monotonic();
        this.#facts = session.greeting;
        await this.#serve(session, session.greeting.instance);
        livedMs = clock.monotonic() - since;
      } else {
        failures++;
        const why = this.#trouble(reached.ok ? reached.value.greeting.kind : reached.error);
        log.error({ failures }, why);
        session?.close('left');
        if (this.#first && failures >= FIRST_STARTS) {
          this.#first.reject(new Error(why));
          this.#first = undefined;
          break;
        }
      }
      if (this.#phase === 'running') await this.#pause(this.#delay.next(livedMs));
    }
    this.#phase = 'ended';
    this.#first?.reject(new Error('the card link was stopped before the card process was up'));
  }

  /** Why there is no session, in words for a person. */
  #trouble(why: string): string {
    const { card } = this.#options;
    const where = 'host' in card ? `${card.host}:${card.port}` : card.socket;
    if (why === 'busy') return `another server is connected to the card process at ${where}: stop that one first`;
    if (!('host' in card)) return `the card process doesn't start: its log ${card.logFile} says why`;
    if (why === 'other-version') return `the card process at ${where} is of another version than this server`;
    return `the card process at ${where} (setting card.remote) can't be reached: ${why}`;
  }

  /** A session with the card process that runs, else, on this host, with one that is started for it. */
  #reach(): Promise<Result<Session, string>> {
    const { card, clock } = this.#options;
    return 'host' in card ? Session.open(card, clock) : this.#reachOwn(card);
  }

  async #reachOwn(settings: CardSettings): Promise<Result<Session, string>> {
    const { log, clock } = this.#options;
    const running = await Session.open(settings.socket, clock);
    if (running.ok) {
      const { greeting } = running.value;
      const sameSettings = startedWith(settings);
      if (greeting.kind === 'busy' || (greeting.kind === 'ready' && sameSettings)) return running;
      log.warn({ sameSettings }, 'a card process of another version or with other settings runs: it is asked to end');
      await this.#outlive(running.value);
      if (this.#phase !== 'running') return err('ended');
    }
    let gone = false;
    try {
      const child = launch(settings, this.#entry, this.#options.owner);
      child.on('error', () => {
        gone = true;
      });
      child.on('exit', (code, signal) => {
        gone = true;
        log.info({ code, signal }, 'the card process has ended');
      });
      log.info({ pid: child.pid }, 'card process started');
    } catch (error) {
      log.error({ error }, 'the card process could not be started');
      return err('not-started');
    }
    const giveUp = clock.monotonic() + START_LIMIT_MS;
    while (this.#phase === 'running' && clock.monotonic() < giveUp) {
      const goneBefore = gone;
      const session = await Session.open(settings.socket, clock);
      if (session.ok || goneBefore) return session;
      await this.#pause(CONNECT_EVERY_MS);
    }
    return err('not-started');
  }

  /** Lives with one session until it is closed. */
  #serve(session: Session, instance: string): Promise<void> {
    const { log, events } = this.#options;
    const restarted = this.#wasUp;
    this.#wasUp = true;
    return new Promise((resolve) => {
      this.#session = session;
      log.info({ instance, restarted }, 'card process is up');
      events.up(instance, restarted);
      this.#first?.resolve();
      this.#first = undefined;
      session.listen({
        onMessage: (message) => events.message(message),
        onClose: (why) => {
          this.#session = undefined;
          if (this.#phase === 'running') log.error({ instance, why }, 'the connection to the card process is lost');
          events.down();
          resolve();
        },
      });
    });
  }

  /** Asks a card process that can't be ours to drain, and waits until it has ended or the link is stopped. */
  #outlive(session: Session): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => session.close('left');
      session.listen({
        onMessage: () => {},
        onClose: () => {
          this.#wake = () => {};
          resolve();
        },
      });
      session.send({ type: 'drain' });
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        this.#wake = () => {};
        resolve();
      };
      const cancel = this.#options.clock.after(ms, done);
      this.#wake = done;
    });
  }
}
