import { CALL_HEADER, RESUME_HEADER } from '@tonegate/api-schema';
import type { AgentLeg } from '../media/agent-leg.ts';
import type { CustomerStream } from '../media/agent-streams.ts';
import type { CallMedia } from '../media/call-media.ts';
import type { Id } from '../shared/ids.ts';
import { err, type Result } from '../shared/result.ts';
import type { LegEnd, LegHandlers, Registration, Sip, SipLeg } from '../sip/leg.ts';

export interface RingEvents {
  /** This window's answer was taken: it is the call's agent now. */
  answered(person: Id): void;
  /** A window that rang says no, or can't be reached. */
  declined(person: Id): void;
  /** The accepted window ended the call, or is gone. */
  ended(person: Id, end: LegEnd): void;
}

interface Ring {
  readonly person: Id;
  readonly media: AgentLeg;
  sip: SipLeg | undefined;
  /** What our last offer said of the customer's sound. */
  offered: CustomerStream;
  following: boolean;
}

/** How long one window rings, ms. */
const RING_MS = 30_000;
/** Windows that ring for one call at the most. */
const RING_LIMIT = 50;

/**
 * The agents' windows of one call: several may ring, the first answer wins, the others stop. A window that comes back
 * after a reload replaces the one that was accepted.
 */
export class AgentRings {
  readonly #call: Id;
  readonly #sip: Sip;
  readonly #media: CallMedia;
  readonly #caller: { user: string; displayName?: string };
  readonly #events: RingEvents;
  readonly #rings = new Set<Ring>();
  #accepted: Ring | undefined;
  /** Another with each end of all: a window that was about to be rung then isn't. */
  #calling = 0;

  constructor(options: {
    call: Id;
    sip: Sip;
    media: CallMedia;
    caller: { user: string; displayName?: string };
    events: RingEvents;
  }) {
    this.#call = options.call;
    this.#sip = options.sip;
    this.#media = options.media;
    this.#caller = options.caller;
    this.#events = options.events;
  }

  get accepted(): Id | undefined {
    return this.#accepted?.person;
  }

  get ringing(): Id[] {
    return [...this.#rings].filter((ring) => ring !== this.#accepted).map((ring) => ring.person);
  }

  /** Calls one window. `resume`: it is to answer by itself (a call come back after a reload, or one it dialled). */
  async ring(person: Id, registration: Registration, resume: boolean): Promise<void> {
    if (this.#rings.size >= RING_LIMIT) return;
    const calling = this.#calling;
    const media = await this.#media.openAgent();
    if (calling !== this.#calling) return media.close();
    const ring: Ring = { person, media, sip: undefined, offered: media.stream, following: false };
    this.#rings.add(ring);
    ring.sip = this.#sip.callRegistration(registration.id, {
      offer: ring.media.offer(),
      from: this.#caller,
      headers: { [CALL_HEADER]: this.#call, ...(resume && { [RESUME_HEADER]: '1' }) },
      ringMs: RING_MS,
      handlers: this.#handlers(ring),
    });
  }

  /** Tells the accepted window of the customer's stream, if it is another than it was told of. */
  async renegotiate(): Promise<void> {
    if (this.#accepted) await this.#follow(this.#accepted);
  }

  /** Offers anew until what was offered is what the leg speaks; a window that can't follow is ended. */
  async #follow(ring: Ring): Promise<void> {
    if (ring.following) return;
    ring.following = true;
    while (this.#rings.has(ring) && ring.sip && ring.offered !== ring.media.stream) {
      ring.offered = ring.media.stream;
      const answer = await ring.sip.reinvite(ring.media.offer());
      const accepted = answer.ok ? await taken(ring, answer.value) : answer;
      if (!accepted.ok) ring.sip.end();
    }
    ring.following = false;
  }

  /** Ends those that ring; with `all` the accepted one too. */
  end(all: boolean): void {
    if (all) this.#calling++;
    for (const ring of [...this.#rings]) {
      if (ring !== this.#accepted || all) this.#drop(ring);
    }
  }

  #handlers(ring: Ring): LegHandlers {
    return {
      established: (answer) => void this.#established(ring, answer),
      reoffered: (offer): Promise<Result<string, { status: number }>> =>
        this.#rings.has(ring) ? ring.media.reoffered(offer) : Promise.resolve(err({ status: 481 })),
      offerWanted: () => ring.media.offer(),
      ended: (end) => {
        if (!this.#rings.has(ring)) return;
        const wasAccepted = ring === this.#accepted;
        this.#forget(ring);
        if (wasAccepted) this.#events.ended(ring.person, end);
        else this.#events.declined(ring.person);
      },
    };
  }

  async #established(ring: Ring, answer: string | undefined): Promise<void> {
    const other = this.#accepted;
    // Another was first, unless this is the same person's window come back.
    if (!this.#rings.has(ring) || (other && other.person !== ring.person)) return this.#drop(ring);
    this.#accepted = ring;
    if (other) this.#drop(other);
    ring.following = true;
    const accepted = await taken(ring, answer ?? '');
    ring.following = false;
    if (!accepted.ok) {
      this.#drop(ring);
      this.#events.declined(ring.person);
      return;
    }
    await this.#follow(ring);
    // It may have hung up meanwhile.
    if (!this.#rings.has(ring)) return;
    this.end(false);
    this.#events.answered(ring.person);
  }

  #drop(ring: Ring): void {
    this.#forget(ring);
    ring.sip?.end();
  }

  #forget(ring: Ring): void {
    this.#rings.delete(ring);
    if (this.#accepted === ring) this.#accepted = undefined;
    ring.media.close();
  }
}

/** The answer to our last offer, taken in; one that the media worker can't take is refused like one that doesn't fit. */
function taken(ring: Ring, answer: string): Promise<Result<void, { status: number }>> {
  return ring.media.accept(answer, ring.offered).catch(() => err({ status: 488 }));
}
