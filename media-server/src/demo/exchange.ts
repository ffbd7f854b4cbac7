import type { Clock } from '../shared/clock.ts';
import type { LegHandlers, Sip, SipLeg } from '../sip/leg.ts';
import { Line, TEMPORARILY_UNAVAILABLE } from './line.ts';
import type { PhoneMessage } from './page-messages.ts';
import { openRtpPort } from './rtp-port.ts';

/** The demo's side of its only trunk, whose other side is the media-server. */
export const TRUNK = 'tonegate';
/** Phones at the same time. */
export const LINES_LIMIT = 5;
const TEXTS_REMEMBERED = 100;

export interface ExchangeOptions {
  readonly sip: Pick<Sip, 'call'>;
  readonly clock: Clock;
  /** Local address of RTP. */
  readonly ip: string;
  readonly caller: string;
  readonly number: string;
  readonly sample: (language: 'ja' | 'en') => Int16Array;
}

/** The demo carrier's exchange: gives each page a line, and incoming calls to an idle one. */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #lines = new Set<Line>();
  /** Ids of the last text messages. */
  readonly #texts: string[] = [];
  #opening = 0;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** A line for a new page; nothing when all are taken. */
  async open(page: {
    readonly tell: (message: PhoneMessage) => void;
    readonly hear: (samples: Int16Array) => void;
  }): Promise<Line | undefined> {
    if (this.#lines.size + this.#opening >= LINES_LIMIT) return undefined;
    const { sip, clock, ip, caller, number, sample } = this.#options;
    this.#opening++;
    try {
      const port = await openRtpPort(ip);
      const line = new Line({
        port,
        clock,
        caller,
        number,
        sample,
        call: (called, offer, handlers) =>
          sip.call({ kind: 'trunk', trunk: TRUNK, number: called }, { offer, from: { user: caller }, handlers }),
        ...page,
      });
      this.#lines.add(line);
      return line;
    } finally {
      this.#opening--;
    }
  }

  /** The line's page is gone. */
  close(line: Line): void {
    this.#lines.delete(line);
    line.close();
  }

  /**
   * A text message: every phone with this number shows it. One whose id came before is not shown again. False: no phone
   * that is open has the number.
   */
  deliver(message: { readonly id: string; readonly to: string; readonly text: string }): boolean {
    const { id, to, text } = message;
    if (to !== this.#options.caller || this.#lines.size === 0) return false;
    if (this.#texts.includes(id)) return true;
    this.#texts.push(id);
    if (this.#texts.length > TEXTS_REMEMBERED) this.#texts.shift();
    for (const line of this.#lines) line.showText(text);
    return true;
  }

  /** A call from the media-server: the idle phone that was opened first rings. */
  incoming(leg: SipLeg): LegHandlers {
    for (const line of this.#lines) if (line.idle) return line.ring(leg);
    leg.reject(TEMPORARILY_UNAVAILABLE);
    return {
      established: () => {},
      reoffered: () => ({ ok: false, error: { status: 488 } }),
      offerWanted: () => '',
      ended: () => {},
    };
  }
}
