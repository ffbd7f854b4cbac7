import type { SipResponse } from '../messages/message.ts';
import { lifetime } from '../transactions/timers.ts';
import type { UsageCore } from './usage.ts';

interface Unacked {
  readonly ref: number;
  readonly response: SipResponse;
  /** Whether the ACK has to bring the answer to an offer in our 2xx. */
  readonly offered: boolean;
  interval: number;
  spent: number;
}

/**
 * Our 2xx to INVITEs that wait for their ACK: sent again after T1, doubling to T2, on every transport, and given up
 * after 64·T1 (RFC 3261 §13.3.1.4).
 */
export class UnackedAnswers {
  readonly #core: UsageCore;
  readonly #answers = new Map<number, Unacked>();

  constructor(core: UsageCore) {
    this.#core = core;
  }

  get size(): number {
    return this.#answers.size;
  }

  /** Whether an offer of ours still waits for its answer. */
  get awaitsAnswer(): boolean {
    return [...this.#answers.values()].some((each) => each.offered);
  }

  add(cseq: number, ref: number, response: SipResponse, offered: boolean): void {
    const { t1 } = this.#core.config.times;
    this.#answers.set(cseq, { ref, response, offered, interval: t1, spent: 0 });
    this.#core.emit({ do: 'timer', timer: timerName(cseq), ms: t1 });
  }

  /** Takes the ACK; undefined if it is a repeated one. */
  acked(cseq: number): { readonly offered: boolean } | undefined {
    const answer = this.#answers.get(cseq);
    if (!answer) return undefined;
    this.#answers.delete(cseq);
    this.#core.emit({ do: 'stop', timer: timerName(cseq) });
    return answer;
  }

  /** Sends again what is due; `given-up` when the ACK won't come any more, undefined if the timer isn't one of these. */
  fired(timer: string): 'resent' | 'given-up' | undefined {
    for (const [cseq, answer] of this.#answers) {
      if (timerName(cseq) !== timer) continue;
      const { times } = this.#core.config;
      answer.spent += answer.interval;
      if (answer.spent >= lifetime(times)) {
        this.#answers.delete(cseq);
        return 'given-up';
      }
      this.#core.emit({ do: 'respond', ref: answer.ref, response: answer.response });
      answer.interval = Math.min(answer.interval * 2, times.t2, lifetime(times) - answer.spent);
      this.#core.emit({ do: 'timer', timer, ms: answer.interval });
      return 'resent';
    }
    return undefined;
  }

  clear(): void {
    for (const cseq of this.#answers.keys()) this.#core.emit({ do: 'stop', timer: timerName(cseq) });
    this.#answers.clear();
  }
}

function timerName(cseq: number): string {
  return `2xx ${cseq}`;
}
