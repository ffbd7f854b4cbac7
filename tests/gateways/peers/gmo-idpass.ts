import { createHash } from 'node:crypto';
import { type Bank, type Entry, masked } from '../bank.ts';
import { nameOf } from '../cards.ts';
import type { OwnAnswer, Subject } from '../subject.ts';
import type { PeerReply } from '../wire.ts';

const SHOP = { id: 'tshop00000001', pass: 'shop-pass' };
const SITE = { id: 'tsite00000001', pass: 'site-pass' };

/** Values as they are, in Windows-31J; here ASCII. */
function says(fields: Record<string, string>): PeerReply {
  const body = Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  return { status: 200, body, contentType: 'text/plain;charset=Windows-31J' };
}
function refuses(...codes: string[]): PeerReply {
  return says({ ErrCode: codes.map((code) => code.slice(0, 3)).join('|'), ErrInfo: codes.join('|') });
}
const own = (codes: string[], is: OwnAnswer['is']): OwnAnswer => ({
  name: codes.join(' '),
  reply: refuses(...codes),
  is,
});

/** GMO-PG's protocol type, our model of it from recorded exchanges: statuses, who may do what in which. Unproven. */
export const gmoIdPass: Subject = {
  kind: 'gmo-idpass',
  credentials: (url, ca) => ({
    kind: 'gmo-idpass',
    url,
    ca,
    shopId: SHOP.id,
    shopPass: SHOP.pass,
    siteId: SITE.id,
    sitePass: SITE.pass,
  }),
  wrongCredentials(url, ca) {
    return { ...this.credentials(url, ca), shopPass: 'wrong' };
  },
  movesMoney: ({ path }) => /ExecTran|AlterTran/.test(path),
  answer(bank, request) {
    const name = /^\/payment\/(\w+)\.idPass$/.exec(request.path)?.[1] ?? '';
    if (request.method !== 'POST') return refuses('E31500014');
    const form = Object.fromEntries(new URLSearchParams(request.body)) as Form;
    if (
      form.ShopID !== undefined &&
      (form.ShopID !== SHOP.id || form.ShopPass !== SHOP.pass) &&
      !bank.flaws.has('any-key')
    ) {
      return refuses('E01030002');
    }
    if (form.SiteID !== undefined && (form.SiteID !== SITE.id || form.SitePass !== SITE.pass))
      return refuses('E01220002');
    return (OPERATIONS[name] ?? (() => refuses('E01000000')))(bank, form);
  },
  ownAnswers: [
    own(['42G020000'], { is: 'declined', reason: 'funds' }),
    own(['42G030000'], { is: 'declined', reason: 'limit' }),
    own(['42G120000'], { is: 'declined', reason: 'card-refused' }),
    own(['42G440000'], { is: 'declined', reason: 'security-code-wrong' }),
    own(['42G650000'], { is: 'declined', reason: 'card-number-wrong' }),
    own(['42G830000'], { is: 'declined', reason: 'card-expired' }),
    own(['E01170011'], { is: 'declined', reason: 'card-number-wrong' }),
    own(['E41170099'], { is: 'declined', reason: 'card-number-wrong' }),
    own(['E61040001'], { is: 'failed', reason: 'gateway-settings' }),
    own(['42G680000'], { is: 'failed', reason: 'gateway-settings' }),
    own(['E92000001'], { is: 'failed', reason: 'gateway-busy' }),
    own(['42C010000'], { is: 'unknown' }),
    own(['E90010001'], { is: 'unknown' }),
    own(['E91029999'], { is: 'unknown' }),
    // The worst of a list wins.
    own(['E01170011', '42C010000'], { is: 'unknown' }),
    own(['42G020000', 'E61040001'], { is: 'failed', reason: 'gateway-settings' }),
    { name: 'a page', reply: { status: 200, body: '<html>' }, is: { is: 'unknown' } },
    {
      name: 'an approval that is not signed',
      reply: says({ ACS: '0', OrderID: 'x', CheckString: '00' }),
      is: { is: 'unknown' },
    },
  ],
};

type Form = Readonly<Record<string, string | undefined>>;

const OPERATIONS: Readonly<Record<string, (bank: Bank, form: Form) => PeerReply>> = {
  EntryTran(bank, { OrderID = '', JobCd, Amount }) {
    if (!/^[-0-9a-zA-Z]{1,27}$/.test(OrderID)) return refuses('E01040003');
    if (bank.entries.has(OrderID)) return refuses('E01040010');
    const mode = JobCd === 'CHECK' ? 'check' : JobCd === 'AUTH' ? 'hold' : 'take';
    return says(accessOf(bank.make(OrderID, mode, Number(Amount ?? 0))));
  },
  ExecTran(bank, form) {
    const entry = named(bank, form);
    if (!entry || entry.reference !== form['OrderID']) return refuses('E01110002');
    // An order is carried out once.
    if (entry.state !== 'made' && !bank.flaws.has('pays-twice')) return refuses('E11010001');
    const card =
      form['CardNo'] === undefined
        ? bank.stored(form['MemberID'] ?? '', form['CardSeq'])?.card
        : nameOf(form['CardNo']);
    if (!card) return refuses('E01170011');
    if (form['CardNo'] !== undefined && form['Expire'] !== '4001') return refuses('E01180003');
    bank.pay(entry, card);
    if (entry.state === 'declined') return refuses(entry.reason === 'limit' ? '42G030000' : '42G300000');
    if (entry.state === 'processing') return refuses('42C010000');
    const approval = {
      OrderID: entry.reference,
      Forward: '2a99662',
      Method: form['Method'] ?? '',
      PayTimes: '',
      Approve: '7654321',
      TranID: '2601051111111111111111111111',
      TranDate: '20260105123456',
    };
    const check = createHash('md5')
      .update(Object.values(approval).join('') + SHOP.pass)
      .digest('hex');
    return says({ ACS: '0', ...approval, CheckString: check });
  },
  AlterTran(bank, form) {
    const entry = named(bank, form);
    if (!entry) return refuses('E01110002');
    const job = form['JobCd'] ?? '';
    if (job === 'SALES' && Number(form['Amount']) !== entry.amount) return refuses('E01060010');
    const what = job === 'SALES' ? 'capture' : job === 'VOID' ? 'void' : 'refund';
    // There are no keys: each request is one of its own.
    const acted = bank.act(`${entry.reference} ${bank.movements.length}`, entry, what);
    return acted ? says({ ...accessOf(entry), Forward: '2a99662', Approve: '7654321' }) : refuses('E11010999');
  },
  SearchTrade(bank, { OrderID = '' }) {
    const entry = bank.look(OrderID);
    if (!entry) return refuses('E01110002');
    const { state, mode } = entry;
    const status =
      state === 'checked'
        ? 'CHECK'
        : state === 'held'
          ? 'AUTH'
          : state === 'taken'
            ? mode === 'hold'
              ? 'SALES'
              : 'CAPTURE'
            : state === 'let-go'
              ? 'VOID'
              : state === 'returned'
                ? 'RETURN'
                : 'UNPROCESSED';
    const now = new Date(Date.now() + 9 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 14);
    return says({
      OrderID,
      Status: status,
      ProcessDate: now,
      JobCd: status,
      ...accessOf(entry),
      Amount: String(entry.amount),
      ...(entry.card && { CardNo: masked(entry.card), Expire: '4001', Approve: '7654321' }),
    });
  },
  SaveMember: (bank, { MemberID = '' }) => {
    if (bank.members.has(MemberID)) return refuses('E01390010');
    bank.members.set(MemberID, []);
    return says({ MemberID });
  },
  TradedCard(bank, { OrderID = '', MemberID = '' }) {
    const entry = bank.entries.get(OrderID);
    if (entry?.state !== 'checked' || !entry.card) return refuses('E01110002');
    const { id } = bank.store(MemberID, entry.card);
    return says({ CardSeq: id, CardNo: masked(entry.card), Forward: '2a99662' });
  },
  SearchCard(bank, { MemberID = '' }) {
    const own = bank.stored(MemberID);
    const cards = bank.members.get(MemberID) ?? (own ? [own] : []);
    if (cards.length === 0) return refuses('E01240002');
    const list = (values: string[]) => values.join('|');
    return says({
      CardSeq: list(cards.map(({ id }) => id)),
      DefaultFlag: list(cards.map((_, i) => (i === cards.length - 1 ? '1' : '0'))),
      CardNo: list(cards.map(({ card }) => masked(card))),
      DeleteFlag: list(cards.map(() => '0')),
    });
  },
  DeleteCard(bank, { MemberID = '', CardSeq = '' }) {
    const cards = bank.members.get(MemberID) ?? [];
    bank.members.set(
      MemberID,
      cards.filter(({ id }) => id !== CardSeq),
    );
    return says({ CardSeq });
  },
};

function accessOf({ reference }: Pick<Entry, 'reference'>): { AccessID: string; AccessPass: string } {
  const id = (text: string) => createHash('md5').update(text).digest('hex');
  return { AccessID: id(`id ${reference}`), AccessPass: id(`pass ${reference}`) };
}

function named(bank: Bank, { AccessID, AccessPass }: Form): Entry | undefined {
  return [...bank.entries.values()].find((entry) => {
    const access = accessOf(entry);
    return access.AccessID === AccessID && access.AccessPass === AccessPass;
  });
}
