import { isIP } from 'node:net';
import smpp, { type Pdu, type Session } from 'smpp';
import type { Clock } from '../../shared/clock.ts';
import type { Secret } from '../../shared/secret.ts';

export interface SmppConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** PEM of the only authority that is trusted. */
  readonly ca: string | undefined;
  readonly systemId: string;
  readonly password: Secret;
  readonly systemType: string;
  /** How often it is tried whether the other side is there, ms. */
  readonly enquireMs: number;
  /** For the bind, an enquiry and any other answer, ms. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

export interface SmppConnectionEvents {
  /** Bound: texts can be submitted. */
  bound(): void;
  /** An answer to a request of ours. */
  answered(sequence: number, status: number): void;
  /** Once, and nothing comes after it. `why` is of our own words and error codes. */
  closed(why: string): void;
}

/** SMPP 3.4 (§5.2.4). The library's own default says 5.0, which older SMSCs refuse. */
const INTERFACE_VERSION = 0x34;
const STATUS_OK = 0;

/**
 * One connection to an SMSC, bound as a transmitter; when it is closed it is over, and another is made. The library keeps
 * no request of ours: what it is told to remember it never forgets.
 */
export class SmppConnection {
  readonly #options: SmppConnectionOptions;
  readonly #events: SmppConnectionEvents;
  readonly #session: Session;
  #state: 'binding' | 'bound' | 'closed' = 'binding';
  /** Sequence number of the bind or of the last enquiry, while its answer is awaited. */
  #awaited: number | undefined;
  #stopTimer: () => void;

  constructor(options: SmppConnectionOptions, events: SmppConnectionEvents) {
    this.#options = options;
    this.#events = events;
    const { host, port, tls, ca, timeoutMs, clock } = options;
    this.#stopTimer = clock.after(timeoutMs, () => this.close('no answer to the bind'));
    this.#session = smpp.connect(
      {
        ...{ host, port, tls, minVersion: 'TLSv1.2' as const },
        // An address is no server name (RFC 6066 §3); the certificate is checked for it all the same.
        ...(isIP(host) === 0 && { servername: host }),
        ...(ca !== undefined && { ca }),
      },
      () => this.#bind(),
    );
    // Without a listener an error of the socket would end the process.
    this.#session.on('error', (error: NodeJS.ErrnoException) => this.close(error.code ?? 'not understood'));
    this.#session.on('close', () => this.close('the connection ended'));
    this.#session.on('pdu', (pdu: Pdu) => this.#heard(pdu));
  }

  get bound(): boolean {
    return this.#state === 'bound';
  }

  /** Sends a `submit_sm`; its sequence number, or nothing where it surely wasn't written. */
  submit(fields: Readonly<Record<string, string | number | Buffer>>): number | undefined {
    return this.bound ? this.#request('submit_sm', fields) : undefined;
  }

  close(why: string): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#stopTimer();
    this.#session.destroy();
    this.#events.closed(why);
  }

  #bind(): void {
    const { systemId, password, systemType } = this.#options;
    this.#awaited = this.#request('bind_transmitter', {
      system_id: systemId,
      password: password.reveal(),
      system_type: systemType,
      interface_version: INTERFACE_VERSION,
    });
  }

  #heard(pdu: Pdu): void {
    if (this.#state === 'closed') return;
    if (!pdu.isResponse()) return this.#asked(pdu);
    if (pdu.sequence_number !== this.#awaited) {
      return this.#events.answered(pdu.sequence_number, pdu.command_status);
    }
    this.#awaited = undefined;
    this.#stopTimer();
    this.#stopTimer = this.#options.clock.after(this.#options.enquireMs, () => this.#enquire());
    if (this.#state === 'bound') return;
    if (pdu.command_status !== STATUS_OK) return this.close(`the bind was refused (${pdu.command_status})`);
    this.#state = 'bound';
    this.#events.bound();
  }

  /** What the SMSC asks; a transmitter gets no messages. */
  #asked(pdu: Pdu): void {
    this.#session.send(pdu.response());
    if (pdu.command === 'unbind') this.close('unbound by the SMSC');
  }

  #enquire(): void {
    this.#stopTimer = this.#options.clock.after(this.#options.timeoutMs, () => this.close('no answer to an enquiry'));
    this.#awaited = this.#request('enquire_link', {});
  }

  #request(command: string, fields: Readonly<Record<string, string | number | Buffer>>): number | undefined {
    const pdu = new smpp.PDU(command, fields);
    return this.#session.send(pdu) ? pdu.sequence_number : undefined;
  }
}
