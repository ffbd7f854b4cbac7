import type {
  CardHost,
  Codec,
  FarSide,
  FromCard,
  Language,
  LegCounts,
  Refusal,
  SfuSide,
  Sound,
  ToCard,
} from '../card-link/contract.ts';
import type { Clock } from '../shared/clock.ts';
import type { Id } from '../shared/ids.ts';
import { err, ok, type Result } from '../shared/result.ts';

/** What of the card link a call needs. */
export interface CardCommands {
  readonly up: boolean;
  /** Languages of the guide, as the card process last said. */
  readonly languages: readonly Language[];
  /** Where a card process on another host is reached. */
  readonly host?: CardHost | undefined;
  /** False: the card process is down and the command was not sent. */
  send(message: ToCard): boolean;
}

/** Longest wait for `leg-ready`, ms. */
const READY_LIMIT_MS = 5000;

export type GateFailure = Refusal | 'card-process-down' | 'no-answer';

/**
 * The server's picture of a customer's leg in the card process: what was asked of its gate and what it reported. It is
 * shut from the start, after a restart, and whenever nothing is known.
 */
export class CustomerGate {
  readonly #leg: Id;
  readonly #link: CardCommands;
  readonly #clock: Clock;
  readonly #bind: string;
  readonly #merchant: Id | undefined;
  #codec: Codec = 'PCMU';
  #far: FarSide | undefined;
  #sfu: SfuSide | undefined;
  #ready: { rtpPort: number; sfuPort: number; ssrc: number } | undefined;
  #opening: ((result: Result<void, GateFailure>) => void) | undefined;
  #state: 'shut' | 'open' = 'shut';
  #wanted: 'shut' | 'open' = 'shut';
  #sound: Sound | undefined;
  #counts: LegCounts | undefined;
  #closed = false;

  /** @param options.merchant whose own announcements are played */
  constructor(options: { leg: Id; link: CardCommands; clock: Clock; bind: string; merchant?: Id }) {
    this.#leg = options.leg;
    this.#link = options.link;
    this.#clock = options.clock;
    this.#bind = options.bind;
    this.#merchant = options.merchant;
  }

  /** As the gate last reported. */
  get state(): 'shut' | 'open' {
    return this.#state;
  }

  /** Ports and SSRC; only after `open` succeeded. */
  get ready(): { rtpPort: number; sfuPort: number; ssrc: number } {
    if (!this.#ready) throw new Error('the gate is not open for business yet');
    return this.#ready;
  }

  get isReady(): boolean {
    return this.#ready !== undefined;
  }

  get counts(): LegCounts | undefined {
    return this.#counts;
  }

  get far(): FarSide | undefined {
    return this.#far;
  }

  /** Opens the leg, its wall shut. Also to open it again after a restart or for another codec: on the same ports then. */
  async open(given?: { codec: Codec; far: FarSide | undefined; sfu: SfuSide }): Promise<Result<void, GateFailure>> {
    if (this.#closed) return err('no-such-leg');
    if (given) {
      this.#codec = given.codec;
      this.#far = given.far;
      this.#sfu = given.sfu;
    }
    this.#state = 'shut';
    this.#wanted = 'shut';
    this.#sound = undefined;
    const before = this.#ready;
    const sent = this.#link.send({
      type: 'leg-open',
      leg: this.#leg,
      codec: this.#codec,
      bind: this.#bind,
      wall: 'shut',
      ...(before && { ports: { rtp: before.rtpPort, sfu: before.sfuPort }, ssrc: before.ssrc }),
      ...(this.#far && { far: this.#far }),
      ...(this.#sfu && { sfu: this.#sfu }),
    });
    if (!sent) return err('card-process-down');
    return new Promise((resolve) => {
      const stop = this.#clock.after(READY_LIMIT_MS, () => this.#opening?.(err('no-answer')));
      this.#opening = (result) => {
        this.#opening = undefined;
        stop();
        resolve(result);
      };
    });
  }

  update(far: FarSide): void {
    this.#far = far;
    if (this.#ready) this.#link.send({ type: 'leg-update', leg: this.#leg, far });
  }

  /** Ends the leg in the card process to open it with another codec. */
  async reopen(codec: Codec, far: FarSide, sfu: SfuSide): Promise<Result<void, GateFailure>> {
    this.#link.send({ type: 'leg-close', leg: this.#leg });
    return this.open({ codec, far, sfu });
  }

  /** Asks for the wall; what came of it shows in `state`. Repeats nothing that was asked already. */
  want(wall: 'shut' | 'open'): void {
    if (!this.#ready || wall === this.#wanted) return;
    this.#wanted = wall;
    // Until it says so it isn't open; shut it is for us at once.
    if (wall === 'shut') this.#state = 'shut';
    this.#link.send({ type: 'wall', leg: this.#leg, want: wall });
  }

  /** A payment takes the gate: it shuts it, and opens it when it is over, by itself. */
  heldByPayment(): void {
    this.#wanted = 'shut';
    this.#state = 'shut';
    this.#sound = undefined;
  }

  play(sound: Sound | undefined, language: Language): void {
    if (!this.#ready || sound === this.#sound) return;
    this.#sound = sound;
    const [leg, merchant] = [this.#leg, this.#merchant];
    if (!sound) this.#link.send({ type: 'stop', leg });
    else {
      const loop = sound !== 'nobody-here';
      this.#link.send({ type: 'play', leg, sound, loop, language, ...(merchant !== undefined && { merchant }) });
    }
  }

  sendKey(key: string): void {
    this.#link.send({ type: 'send-key', leg: this.#leg, key });
  }

  /** Takes in a message of this leg. */
  heard(message: FromCard): void {
    switch (message.type) {
      case 'leg-ready':
        this.#ready = { rtpPort: message.rtpPort, sfuPort: message.sfuPort, ssrc: message.ssrc };
        this.#opening?.(ok(undefined));
        return;
      case 'wall':
        this.#counts = message.counts;
        // A late report of an opening that was taken back is no opening.
        if (message.state === 'open' && message.payment === undefined && this.#wanted === 'shut') return;
        this.#state = message.state;
        this.#wanted = message.state;
        return;
      case 'leg-quality':
        this.#counts = message.counts;
        return;
      case 'refused':
        if (message.command === 'leg-open') this.#opening?.(err(message.why));
        if (message.command === 'wall') this.#wanted = this.#state;
        return;
    }
  }

  /** The card process is gone: nothing comes through any more. */
  lost(): void {
    this.#state = 'shut';
    this.#wanted = 'shut';
    this.#sound = undefined;
    this.#opening?.(err('card-process-down'));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#state = 'shut';
    this.#opening?.(err('no-such-leg'));
    this.#link.send({ type: 'leg-close', leg: this.#leg });
  }
}
