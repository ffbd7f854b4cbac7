import { createHash, timingSafeEqual } from 'node:crypto';
import type { Agent } from 'node:https';
import { z } from 'zod';
import { newId } from '../../shared/ids.ts';
import type { Secret } from '../../shared/secret.ts';
import type { Reason } from '../contract.ts';
import { notSent, Receipt, timeLeft } from './answers.ts';
import { asciiFormBody, cardParts, type Digits } from './card-body.ts';
import { type GatewayRoute, gatewayAgent } from './gateway-agent.ts';
import type {
  Answer,
  AttemptName,
  CardDigits,
  CardRequest,
  Found,
  Gateway,
  GatewayAbilities,
  MoneyRequest,
  Prepared,
  Refused,
  Reversal,
  StoredRequest,
} from './gateway.ts';
import { classOf } from './gmo-idpass-codes.ts';
import { type CardInBody, exchange } from './https-exchange.ts';

export interface GmoIdPassParts extends GatewayRoute {
  /** `https://p01.mul-pay.jp`, or `https://pt01.mul-pay.jp` to practise. */
  readonly url: string;
  readonly shopId: string;
  readonly shopPass: Secret;
  /** Where cards are stored: for card updates and stored cards. */
  readonly site?: { readonly id: string; readonly pass: Secret } | undefined;
  /** UTC ms: which month it is decides how money is given back. */
  readonly now?: () => number;
}

type Fields = Readonly<Record<string, string | Digits | undefined>>;
/**
 * What came back, by key. `codes`: it refuses. `nothing`: no answer from which anything follows; `sent` says whether
 * the request may have arrived.
 */
type Reply =
  | { readonly is: 'fields'; readonly fields: ReadonlyMap<string, string> }
  | { readonly is: 'codes'; readonly codes: readonly string[] }
  | { readonly is: 'nothing'; readonly sent: boolean };

const JAPAN_MS = 9 * 3_600_000;
/** An order, or an order of this id and password, that isn't there. */
const NO_SUCH_ORDER = ['E01110002', 'M01004002'];
const MEMBER_EXISTS = 'E01390010';
const Trade = z.object({ AccessID: z.string().regex(/^\w{1,64}$/), AccessPass: z.string().regex(/^\w{1,64}$/) });

/**
 * GMO Payment Gateway, protocol type (`….idPass`): forms in, `K=V&K=V` out, always with status 200. EntryTran makes the
 * order without a card, ExecTran sends the card; SearchTrade looks our reference up (its OrderID). It has no idempotency
 * keys: an order is carried out once, and a second ExecTran of it is refused.
 */
export class GmoIdPassGateway implements Gateway {
  readonly name = 'gmo-idpass';
  readonly abilities: GatewayAbilities;
  readonly #base: URL;
  readonly #agent: Agent;
  readonly #shop: () => { ShopID: string; ShopPass: string };
  readonly #site: (() => { SiteID: string; SitePass: string }) | undefined;
  readonly #now: () => number;

  constructor({ url, shopId, shopPass, site, now = Date.now, ...route }: GmoIdPassParts) {
    this.#base = new URL(url.endsWith('/') ? url : `${url}/`);
    this.#agent = gatewayAgent(route);
    this.#shop = () => ({ ShopID: shopId, ShopPass: shopPass.reveal() });
    this.#site = site && (() => ({ SiteID: site.id, SitePass: site.pass.reveal() }));
    this.#now = now;
    this.abilities = {
      lengths: { visa: [16], mastercard: [16], amex: [15], jcb: [16], diners: [14, 16] },
      currencies: ['JPY'],
      purposes: site ? ['charge', 'authorize', 'card-update', 'stored-charge'] : ['charge', 'authorize'],
      actions: ['capture', 'void', 'refund'],
    };
  }

  async prepare(request: CardRequest, timeoutMs: number): Promise<Prepared> {
    const left = timeLeft(timeoutMs);
    if (request.purpose === 'card-update') {
      const made = await this.#member('SaveMember', request.member, {}, left());
      if (made.is !== 'fields' && !(made.is === 'codes' && made.codes.includes(MEMBER_EXISTS))) return unprepared(made);
    }
    return await this.#entry(request, left);
  }

  async authorize(request: CardRequest, card: CardDigits, timeoutMs: number, released: () => void): Promise<Answer> {
    const { purpose, reference, transaction } = request;
    const trade = tradeNamed(transaction);
    if (!trade) {
      released();
      return { is: 'failed', reason: 'not-possible' };
    }
    const left = timeLeft(timeoutMs);
    const { number, yearMonth, securityCode } = cardParts(card);
    const paid = purpose !== 'card-update';
    const fields = { ...trade, OrderID: reference, CardNo: number, Expire: yearMonth, SecurityCode: securityCode };
    const reply = await this.#ask('ExecTran', paid ? { ...fields, Method: '1' } : fields, left(), {
      number: card.number,
      released,
    });
    const answer = this.#executed(reply, request, trade);
    if (paid || answer.is !== 'approved') return answer;
    const former = await this.#cards(request.member, left());
    return await this.#keep(request, answer, former, left);
  }

  async chargeStored(request: StoredRequest, timeoutMs: number): Promise<Answer> {
    const left = timeLeft(timeoutMs);
    const site = this.#site?.();
    if (!site) return { is: 'failed', reason: 'not-possible' };
    const card = request.storedCard ?? (await this.#cards(request.member, left()))?.find((c) => c.isDefault)?.sequence;
    if (card === undefined) return { is: 'failed', reason: 'no-such-card' };
    const entry = await this.#entry(request, left);
    if (entry.is === 'no-answer') return { is: 'unknown' };
    const trade = entry.is === 'prepared' ? tradeNamed(entry.transaction) : undefined;
    if (!trade) return entry.is === 'prepared' ? { is: 'unknown' } : entry;
    const fields = {
      ...trade,
      ...site,
      OrderID: request.reference,
      MemberID: request.member,
      SeqMode: '1',
      CardSeq: card,
    };
    return this.#executed(await this.#ask('ExecTran', { ...fields, Method: '1' }, left()), request, trade);
  }

  async operate(request: MoneyRequest, timeoutMs: number): Promise<Answer> {
    const { purpose, of, order } = request;
    if (order.amountMinor !== of.amountMinor) return { is: 'failed', reason: 'amount-unfit' };
    const left = timeLeft(timeoutMs);
    const before = await this.#trade(of.reference, left());
    if (before.is === 'nothing') return { is: 'failed', reason: 'gateway-unreachable' };
    if (before.is === 'codes') return refusalBy(before.codes);
    const found = operated(before.fields, purpose);
    if (found.is !== 'absent') return found.is === 'approved' || found.is === 'failed' ? found : { is: 'unknown' };
    const reply = await this.#alter(before.fields, purpose === 'capture' ? 'SALES' : this.#undo(before.fields), left());
    if (reply.is === 'fields') return { is: 'approved', ...receiptIn(reply.fields) };
    return reply.is === 'codes' ? refusalBy(reply.codes) : lost(reply);
  }

  async lookUp(attempt: AttemptName, timeoutMs: number): Promise<Found> {
    const left = timeLeft(timeoutMs);
    const reply = await this.#trade(attempt.of?.reference ?? attempt.reference, left());
    if (reply.is === 'nothing') return { is: 'no-answer' };
    if (reply.is === 'codes') {
      return reply.codes.some((code) => NO_SUCH_ORDER.includes(code)) ? { is: 'absent' } : { is: 'no-answer' };
    }
    const { purpose } = attempt;
    if (purpose === 'capture' || purpose === 'void' || purpose === 'refund') return operated(reply.fields, purpose);
    const found = tradeFound(reply.fields, attempt);
    if (purpose !== 'card-update' || found.is !== 'approved') return found;
    const cards = await this.#cards(attempt.member, left());
    if (!cards) return { is: 'no-answer' };
    const ending = attempt.lastFour ?? found.lastFour;
    const card = cards.find(({ isDefault, number }) => isDefault && ending !== undefined && number.endsWith(ending));
    return card ? { ...found, storedCard: card.sequence } : { is: 'absent' };
  }

  async reverse(attempt: AttemptName, timeoutMs: number): Promise<Reversal> {
    if (attempt.of || attempt.purpose === 'card-update') return 'no-answer';
    const left = timeLeft(timeoutMs);
    const before = await this.#trade(attempt.reference, left());
    if (before.is !== 'fields') return 'no-answer';
    const status = before.fields.get('Status') ?? '';
    if (UNDONE.includes(status)) return 'reversed';
    if (!PAID.includes(status) && !HELD.includes(status)) return 'no-answer';
    const reply = await this.#alter(before.fields, this.#undo(before.fields), left());
    if (reply.is === 'fields') return 'reversed';
    // It may have been done all the same; or by somebody else meanwhile.
    const after = await this.#trade(attempt.reference, left());
    return after.is === 'fields' && UNDONE.includes(after.fields.get('Status') ?? '') ? 'reversed' : 'no-answer';
  }

  /** Looks up an order that nobody made. Whether the contract takes raw cards shows only in a payment (E61040001). */
  async test(timeoutMs: number): Promise<'works' | Reason> {
    const reply = await this.#trade(newId(), timeoutMs);
    if (reply.is === 'nothing') return 'gateway-unreachable';
    if (reply.is === 'fields' || reply.codes.some((code) => NO_SUCH_ORDER.includes(code))) return 'works';
    const refused = classOf(reply.codes);
    return refused.is === 'failed' ? refused.reason : 'gateway-refused';
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Makes the order, or finds the one that an earlier request made whose answer was lost. */
  async #entry(request: AttemptName, left: () => number): Promise<Prepared> {
    const { purpose, reference, order } = request;
    const check = purpose === 'card-update';
    const job = check ? 'CHECK' : purpose === 'authorize' ? 'AUTH' : 'CAPTURE';
    const fields = { ...this.#shop(), OrderID: reference, JobCd: job };
    let reply = await this.#ask('EntryTran', check ? fields : { ...fields, Amount: String(order.amountMinor) }, left());
    if (reply.is === 'codes' && reply.codes.includes('E01040010')) reply = await this.#trade(reference, left());
    const trade = reply.is === 'fields' ? Trade.safeParse(Object.fromEntries(reply.fields)).data : undefined;
    if (trade) return { is: 'prepared', transaction: `${trade.AccessID}.${trade.AccessPass}` };
    return reply.is === 'fields' ? { is: 'no-answer' } : unprepared(reply);
  }

  #executed(reply: Reply, { reference }: AttemptName, trade: z.infer<typeof Trade>): Answer {
    if (reply.is === 'codes') return classOf(reply.codes);
    if (reply.is === 'nothing') return lost(reply);
    const { fields } = reply;
    // ACS=1 would be a page for the customer's browser.
    if (fields.get('ACS') !== '0' || fields.get('OrderID') !== reference || !this.#isGenuine(fields))
      return { is: 'unknown' };
    return { is: 'approved', transaction: `${trade.AccessID}.${trade.AccessPass}`, ...receiptIn(fields) };
  }

  /** MD5 of what was approved and the shop's password, hex: all that shows who answered, besides TLS. */
  #isGenuine(fields: ReadonlyMap<string, string>): boolean {
    const names = ['OrderID', 'Forward', 'Method', 'PayTimes', 'Approve', 'TranID', 'TranDate'];
    const text = names.map((name) => fields.get(name) ?? '').join('') + this.#shop().ShopPass;
    const wanted = createHash('md5').update(text).digest();
    const given = Buffer.from(fields.get('CheckString') ?? '', 'hex');
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }

  /** Keeps the card of a check that went well, as the member's default; the one before it goes. */
  async #keep(
    { member, reference }: CardRequest,
    checked: Answer & { is: 'approved' },
    former: readonly StoredCard[] | undefined,
    left: () => number,
  ): Promise<Answer> {
    const fields = { ...this.#shop(), OrderID: reference, DefaultFlag: '1', SeqMode: '1' };
    const kept = await this.#member('TradedCard', member, fields, left());
    const sequence = kept.is === 'fields' ? kept.fields.get('CardSeq') : undefined;
    if (kept.is === 'codes') return refusalBy(kept.codes);
    if (sequence === undefined) return { is: 'unknown' };
    const old = former?.find(({ isDefault }) => isDefault);
    // Whether the old one goes or stays changes nothing for the new one.
    if (old && old.sequence !== sequence) {
      await this.#member('DeleteCard', member, { SeqMode: '1', CardSeq: old.sequence }, left());
    }
    return { ...checked, storedCard: sequence };
  }

  async #cards(member: string | undefined, timeoutMs: number): Promise<StoredCard[] | undefined> {
    const reply = await this.#member('SearchCard', member, { SeqMode: '1' }, timeoutMs);
    if (reply.is === 'codes') return reply.codes.some((code) => code.startsWith('E01240002')) ? [] : undefined;
    if (reply.is === 'nothing') return undefined;
    const lists = ['CardSeq', 'DefaultFlag', 'CardNo', 'DeleteFlag'].map(
      (name) => reply.fields.get(name)?.split('|') ?? [],
    );
    const [sequences = [], defaults = [], numbers = [], deleted = []] = lists;
    return sequences
      .map((sequence, i) => ({
        sequence,
        isDefault: defaults[i] === '1',
        number: numbers[i] ?? '',
        gone: deleted[i] === '1',
      }))
      .filter(({ gone }) => !gone);
  }

  #member(name: string, member: string | undefined, fields: Fields, timeoutMs: number): Promise<Reply> {
    const site = this.#site?.();
    if (!site || member === undefined) return Promise.resolve({ is: 'nothing', sent: false });
    return this.#ask(name, { ...site, MemberID: member, ...fields }, timeoutMs);
  }

  #trade(orderId: string, timeoutMs: number): Promise<Reply> {
    return this.#ask('SearchTrade', { ...this.#shop(), OrderID: orderId }, timeoutMs);
  }

  #alter(fields: ReadonlyMap<string, string>, job: string, timeoutMs: number): Promise<Reply> {
    const [AccessID, AccessPass, Amount] = ['AccessID', 'AccessPass', 'Amount'].map((name) => fields.get(name) ?? '');
    const asked = { ...this.#shop(), AccessID, AccessPass, JobCd: job };
    return this.#ask('AlterTran', job === 'SALES' ? { ...asked, Amount } : asked, timeoutMs);
  }

  /** What is only held is voided; taken money goes back in one way within its month, in another after it (Japan's). */
  #undo(fields: ReadonlyMap<string, string>): 'VOID' | 'RETURN' | 'RETURNX' {
    if (HELD.includes(fields.get('Status') ?? '')) return 'VOID';
    const month = new Date(this.#now() + JAPAN_MS).toISOString().slice(0, 7).replace('-', '');
    return (fields.get('ProcessDate') ?? '').startsWith(month) ? 'RETURN' : 'RETURNX';
  }

  async #ask(name: string, fields: Fields, timeoutMs: number, card?: CardInBody): Promise<Reply> {
    const result = await exchange(this.#agent, {
      method: 'POST',
      url: new URL(`payment/${name}.idPass`, this.#base),
      headers: {},
      body: () => asciiFormBody(fields),
      contentType: 'application/x-www-form-urlencoded',
      timeoutMs,
      ...(card && { card }),
    });
    if (result.is !== 'answered') return { is: 'nothing', sent: notSent(result) === undefined };
    return result.status === 200 ? replyIn(result.bytes) : { is: 'nothing', sent: true };
  }
}

interface StoredCard {
  readonly sequence: string;
  readonly isDefault: boolean;
  /** Masked, the last four digits shown. */
  readonly number: string;
}

const HELD = ['AUTH', 'SAUTH'];
const PAID = ['CAPTURE', 'SALES'];
const UNDONE = ['VOID', 'RETURN', 'RETURNX', 'CANCEL'];

/** `K=V&K=V` in Windows-31J, values as they are: only the first `=` of a pair parts them. */
function replyIn(bytes: Buffer): Reply {
  const fields = new Map<string, string>();
  for (const pair of new TextDecoder('shift_jis').decode(bytes).trim().split('&')) {
    const at = pair.indexOf('=');
    if (at > 0) fields.set(pair.slice(0, at), pair.slice(at + 1));
  }
  if (fields.size === 0) return { is: 'nothing', sent: true };
  if (!fields.has('ErrCode')) return { is: 'fields', fields };
  return { is: 'codes', codes: (fields.get('ErrInfo') ?? '').split('|').filter(Boolean) };
}

function tradeNamed(transaction: string | undefined): z.infer<typeof Trade> | undefined {
  const [AccessID, AccessPass] = transaction?.split('.') ?? [];
  return Trade.safeParse({ AccessID, AccessPass }).data;
}

function receiptIn(fields: ReadonlyMap<string, string>) {
  const receipt = Receipt.parse(fields.get('Approve') ?? '');
  return receipt === undefined ? {} : { receipt };
}

/** What a look-up of the order says of its first attempt. */
function tradeFound(fields: ReadonlyMap<string, string>, { purpose }: AttemptName): Found {
  const status = fields.get('Status') ?? '';
  if (status === 'UNPROCESSED' || status === 'AUTHENTICATED') return { is: 'absent' };
  if (UNDONE.includes(status)) return { is: 'reversed' };
  const trade = Trade.safeParse(Object.fromEntries(fields)).data;
  const done = purpose === 'card-update' ? ['CHECK'] : purpose === 'authorize' ? [...HELD, ...PAID] : PAID;
  if (!trade || !done.includes(status)) return { is: 'no-answer' };
  const lastFour = /([0-9]{4})$/.exec(fields.get('CardNo') ?? '')?.[1];
  return {
    is: 'approved',
    transaction: `${trade.AccessID}.${trade.AccessPass}`,
    ...receiptIn(fields),
    ...(lastFour !== undefined && { lastFour }),
  };
}

/** What the order says of an action on it: orders change in one step, so what isn't done hasn't happened. */
function operated(fields: ReadonlyMap<string, string>, purpose: MoneyRequest['purpose']): Found {
  const status = fields.get('Status') ?? '';
  if ((purpose === 'capture' ? PAID : UNDONE).includes(status)) return { is: 'approved', ...receiptIn(fields) };
  return HELD.includes(status) || PAID.includes(status)
    ? { is: 'absent' }
    : { is: 'failed', reason: 'gateway-refused' };
}

function lost(reply: Reply & { is: 'nothing' }): Answer {
  return reply.sent ? { is: 'unknown' } : { is: 'failed', reason: 'gateway-unreachable' };
}

function unprepared(reply: Reply): Prepared {
  if (reply.is !== 'codes') {
    return reply.is === 'nothing' && !reply.sent
      ? { is: 'failed', reason: 'gateway-unreachable' }
      : { is: 'no-answer' };
  }
  const refused = classOf(reply.codes);
  return refused.is === 'declined' || refused.is === 'failed' ? refused : { is: 'no-answer' };
}

function refusalBy(codes: readonly string[]): Refused | { readonly is: 'unknown' } {
  const refused = classOf(codes);
  return refused.is === 'declined' || refused.is === 'failed' ? refused : { is: 'unknown' };
}
