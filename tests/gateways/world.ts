import { createServer } from 'node:net';
import type {
  Answer,
  AttemptName,
  CardDigits,
  CardRequest,
  Gateway,
  MoneyRequest,
  StoredRequest,
} from '../../media-server/src/cde/gateways/gateway.ts';
import { GatewayCredentials } from '../../media-server/src/cde/gateways/gateway-settings.ts';
import { gatewayFrom } from '../../media-server/src/cde/gateways/kinds.ts';
import { type Id, newId } from '../../media-server/src/shared/ids.ts';
import { Bank, type Flaw } from './bank.ts';
import { type CardName, keyed } from './cards.ts';
import type { Subject } from './subject.ts';
import { type Tls, Wire } from './wire.ts';

/** For peers that answer; and for those that never do. */
export const TIMEOUT_MS = 10_000;
export const SHORT_MS = 600;
export const MEMBER = 'member-A';

/** How a world is wrong: in its service's books, on the wire, or in the adapter itself. */
export interface Wrong {
  readonly flaw?: Flaw;
  /** The peer answers well where the clause has it fail. */
  readonly wellMeaning?: true;
  readonly adapter?: (gateway: Gateway) => Gateway;
}

export interface Authorities {
  /** What the peers' certificates are signed by. */
  readonly trusted: Tls;
  readonly other: Tls;
}

export interface Paid {
  readonly answer: Answer;
  readonly released: number;
  /** By what it is looked up and reversed. */
  readonly name: AttemptName;
}

/** One adapter, one peer, and what a clause does with them. */
export class World {
  readonly subject: Subject;
  readonly authorities: Authorities;
  readonly bank: Bank;
  readonly wire: Wire;
  readonly wrong: Wrong;
  #url = '';
  #gateway: Gateway | undefined;

  constructor(subject: Subject, authorities: Authorities, wrong: Wrong = {}) {
    this.subject = subject;
    this.authorities = authorities;
    this.wrong = wrong;
    this.bank = new Bank(wrong.flaw ? [wrong.flaw] : []);
    this.wire = this.#wire(authorities.trusted);
  }

  async open(): Promise<this> {
    this.#url = await this.wire.listen();
    this.#gateway = this.gatewayTo(this.#url);
    return this;
  }

  get gateway(): Gateway {
    if (!this.#gateway) throw new Error('the world is not open');
    return this.#gateway;
  }

  get url(): string {
    return this.#url;
  }

  gatewayTo(url: string, credentials = this.subject.credentials(url, this.authorities.trusted.ca)): Gateway {
    const gateway = gatewayFrom(GatewayCredentials.parse(credentials));
    return this.wrong.adapter?.(gateway) ?? gateway;
  }

  /** The same service with a certificate that the adapter doesn't trust; a wrong peer has the right one. */
  async untrusted(): Promise<{ gateway: Gateway; wire: Wire }> {
    const wire = this.#wire(this.wrong.wellMeaning ? this.authorities.trusted : this.authorities.other);
    return { gateway: this.gatewayTo(await wire.listen()), wire };
  }

  /** An address where nobody listens; of a wrong peer somebody does. */
  async nowhere(): Promise<string> {
    if (this.wrong.wellMeaning) return this.#url;
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    return `https://127.0.0.1:${port}`;
  }

  name(purpose: AttemptName['purpose'], amountMinor = 1200, reference: Id = newId()): AttemptName {
    const order = {
      reference: 'A-1',
      amountMinor: purpose === 'card-update' ? 0 : amountMinor,
      currency: 'JPY',
    } as const;
    return { reference, purpose, order, ...(/^(card-update|stored-charge)$/.test(purpose) && { member: MEMBER }) };
  }

  /** What the ledger does with a card: the first step where there is one, then the card. */
  async pay(
    purpose: CardRequest['purpose'],
    card: CardName | CardDigits = 'visa',
    { timeoutMs = TIMEOUT_MS, gateway = this.gateway, name = this.name(purpose), storedCard = '' } = {},
  ): Promise<Paid> {
    let request = { ...name, purpose, ...(storedCard !== '' && { storedCard }) } as CardRequest;
    if (gateway.prepare && request.transaction === undefined) {
      const prepared = await gateway.prepare(request, timeoutMs);
      if (prepared.is === 'no-answer') return { answer: { is: 'unknown' }, released: 1, name: request };
      if (prepared.is !== 'prepared') return { answer: prepared, released: 1, name: request };
      request = { ...request, transaction: prepared.transaction };
    }
    let released = 0;
    const digits = typeof card === 'string' ? keyed(card) : card;
    const answer = await gateway.authorize(request, digits, timeoutMs, () => released++);
    const known =
      answer.is === 'approved' && answer.transaction !== undefined ? { transaction: answer.transaction } : {};
    return { answer, released, name: { ...request, ...known } };
  }

  async chargeStored(
    storedCard?: string,
    name = this.name('stored-charge', 700),
  ): Promise<{ answer: Answer; name: AttemptName }> {
    const request = { ...name, ...(storedCard !== undefined && { storedCard }) } as StoredRequest;
    const answer = (await this.gateway.chargeStored?.(request, TIMEOUT_MS)) ?? { is: 'unknown' };
    return { answer, name };
  }

  /** The name of an action on an attempt's money, of which so much is there. */
  action(purpose: MoneyRequest['purpose'], { name }: Paid, amountMinor = name.order.amountMinor): MoneyRequest {
    const { reference, transaction, order } = name;
    const of = { reference, amountMinor: order.amountMinor, ...(transaction !== undefined && { transaction }) };
    return { reference: newId(), purpose, order: { ...order, amountMinor }, of };
  }

  async operate(request: MoneyRequest, timeoutMs = TIMEOUT_MS): Promise<Answer> {
    return (await this.gateway.operate?.(request, timeoutMs)) ?? { is: 'unknown' };
  }

  async close(): Promise<void> {
    this.#gateway?.close();
    await this.wire.close();
  }

  #wire(tls: Tls): Wire {
    const { subject, bank } = this;
    return new Wire(
      tls,
      (request) => subject.answer(bank, request),
      (request) => subject.movesMoney(request),
      this.wrong.wellMeaning,
    );
  }
}
