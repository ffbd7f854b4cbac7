// `npm run audit:residue`: customers pay over every transport with published test cards through every outcome, several at
// once, agents in a real browser and without; then whatever could hold a digit is searched: logs at every level, databases
// and their write-ahead logs, webhooks, API answers, events, browser storage, what agents hear, heap snapshots, and the
// memory of every process as a core image would hold it. Of the media-server, its workers and the browser at any time, of
// the card process one second after each outcome.
// Left out, for they stand for the outside world: this harness and all that it starts to search with, the customers' phones,
// the merchant's system, the sandbox.
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { seedDemo } from '../../media-server/src/storage/demo.ts';
import { openStorage } from '../../media-server/src/storage/storage.ts';
import { launchChromium } from '../e2e/chromium.ts';
import { Softphone } from '../e2e/softphone.ts';
import { calls, cardPid, eventually, kill, paysUpTo, type Talk, untilAsked } from '../faults/trouble.ts';
import { addAgents, CROWD_PASSWORD } from '../house/crowd.ts';
import { EXPIRY, House } from '../house/house.ts';
import type { Phone } from '../phone/phone.ts';
import { act, type Card, CARDS, codeOf, STORIES, type Story, type Transport, TRANSPORTS } from './customers.ts';
import { commandOf, DigitSearch, type Find, processTree } from './memory.ts';
import { Heard, heapOfPage, heapOfProcess, MerchantSystem, snapshotFlags, storageOf } from './places.ts';
import {
  content,
  PLANTED,
  PLANTED_BYTES,
  PLANTED_SHAPES,
  type Planting,
  plantFiles,
  plantHeard,
  plantPage,
  plantProcess,
} from './planted.ts';

/** Files of the sandbox, and those that are planted. */
const OUTSIDE = /^(sandbox|planted)/;
/** How long after an outcome nothing of its card may be left in the card process, ms. */
const GONE_MS = 1000;
/** Payments that are made when the others are over: by SIP INFO, without an answer, with the card process killed. */
const LAST = 3;
/** The canary calls by three transports, for two trunks. */
const CANARY_MS = 120_000;

export interface AuditResult {
  readonly payments: number;
  /** By what the customers did, and by which way. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly hits: readonly Find[];
  /** Places that were searched, how often, and their bytes. */
  readonly searched: ReadonlyMap<string, { times: number; bytes: number }>;
  /** What was planted and not found. */
  readonly missed: readonly string[];
}

/**
 * @param together how many agents have customers at once, one of them in a browser
 * @param onProgress what has just been done, for people
 */
export async function auditResidue(
  payments: number,
  together: number,
  onProgress: (done: string) => void = () => {},
): Promise<AuditResult> {
  const audit = await Audit.open(payments, together, onProgress);
  try {
    return await audit.run();
  } finally {
    await audit.close();
  }
}

class Audit {
  readonly #payments: number;
  readonly #together: number;
  readonly #search = new DigitSearch({ ...CARDS, planted: PLANTED });
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'tonegate-residue-'));
  readonly #system: MerchantSystem;
  readonly #onProgress: (done: string) => void;
  readonly #realFetch = globalThis.fetch;
  readonly #answers: Buffer[] = [];
  readonly #heard = new Heard();
  readonly #outcomes: Record<string, number> = {};
  readonly #hits = new Map<string, Find>();
  readonly #searched = new Map<string, { times: number; bytes: number }>();
  readonly #missed: string[] = [];
  /** What is next, story by story; those whose cards are busy wait. */
  readonly #queue: Story[] = [];
  /** Cards that are being keyed, or were not yet looked for after it. */
  readonly #busy = new Set<Card>();
  /** Planted shapes that were seen in the browser's memory. */
  readonly #inBrowser = new Set<string>();
  #house: House | undefined;
  #browser: Browser | undefined;
  #ends: (() => void)[] = [];
  #begun = 0;
  #ended = 0;

  private constructor(payments: number, together: number, system: MerchantSystem, onProgress: (done: string) => void) {
    this.#onProgress = onProgress;
    this.#payments = payments;
    this.#together = together;
    this.#system = system;
  }

  static async open(payments: number, together: number, onProgress: (done: string) => void): Promise<Audit> {
    return new Audit(payments, together, await MerchantSystem.open(PLANTED_BYTES), onProgress);
  }

  async run(): Promise<AuditResult> {
    globalThis.fetch = async (input, init) => {
      const answer = await this.#realFetch(input, init);
      const bytes = Buffer.from(await answer.clone().arrayBuffer());
      this.#answers.push(Buffer.from(JSON.stringify([...answer.headers])), bytes);
      return answer;
    };
    const house = await this.#openHouse();
    this.#browser = await launchChromium();
    await this.#plant(this.#browser);
    this.#onProgress('planted cards were looked for');
    await this.#canary(house);
    this.#onProgress('the canary has paid');

    const window = await BrowserTalk.open(house, this.#browser);
    const talks: Talk[] = [];
    for (const name of ['taro', ...(await addAgents(house, this.#together - 2))]) {
      const agent = await house.agentNamed(name, name === 'taro' ? house.stack.secrets.taro : CROWD_PASSWORD);
      agent.onPacket = this.#heard.stream();
      await agent.ready();
      talks.push({ house, agent, phone: await calls(house, agent) });
    }

    this.#onProgress('calls stand');
    // The last three payments are special.
    const paying = Promise.all([
      this.#browserPays(window),
      ...talks.map((talk) => this.#pays(talk)),
      this.#snapshots(house, window),
    ]);
    let done = false;
    paying.finally(() => (done = true)).catch(() => {});
    while (!done) {
      const from = performance.now();
      await this.#outsideTheCde(house);
      await Promise.race([paying, wait(3 * (performance.now() - from))]);
    }
    await paying;
    await wait(GONE_MS);
    await this.#inMemory('card process, at the end', cardPid(house), () => true);
    await this.#refused(house, talks);
    await this.#unknown(house, talks);
    await this.#outsideTheCde(house);
    await this.#killed(talks);
    this.#onProgress('all have paid');

    const { origin } = new URL(house.stack.softphone);
    for (const page of ['/metrics', '/healthz', '/v1/openapi.json']) await fetch(origin + page);
    const headers = { authorization: `Bearer ${house.stack.secrets.apiKey}` };
    for (const list of ['calls', 'payments']) await fetch(`${origin}/v1/${list}?limit=200`, { headers });
    await this.#inBytes('API answers', Buffer.concat(this.#answers));
    await this.#inBytes('events', Buffer.from(JSON.stringify(talks.map(({ agent }) => agent.said))));
    await this.#inBytes('webhooks', this.#system.told);
    await this.#inBytes('browser storage', await storageOf(window.page));
    await this.#inBytes('browser page', await content(window.page));
    await this.#inBytes('agent-side packets', this.#heard.payloads);
    await this.#inBytes('agent-side sound', this.#heard.keys);
    await this.#inFiles(house.stack.folder);
    await house.clear();
    await house.stack.stop();
    await this.#inFiles(house.stack.folder);
    for (const shape of PLANTED_SHAPES) if (!this.#inBrowser.has(shape)) this.#missed.push(`browser memory: ${shape}`);
    return {
      payments: this.#ended,
      outcomes: this.#outcomes,
      hits: [...this.#hits.values()],
      searched: this.#searched,
      missed: this.#missed,
    };
  }

  async close(): Promise<void> {
    globalThis.fetch = this.#realFetch;
    for (const end of this.#ends) end();
    await this.#browser?.close();
    await this.#house?.close();
    this.#system.close();
    this.#search.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A house whose merchant has a system that is told, and whose canary calls first; everything is written down. */
  async #openHouse(): Promise<House> {
    const folder = path.join(this.#folder, 'house');
    mkdirSync(folder, { mode: 0o700 });
    const opened = await openStorage({ kind: 'sqlite', file: path.join(folder, 'tonegate.sqlite') }, Date.now());
    if (!opened.ok) throw new Error(opened.error.message);
    const { merchant } = await seedDemo(opened.value, { folder, realm: 'tonegate', now: Date.now() });
    await opened.value.destroy();
    const secret = path.join(this.#folder, 'webhook-secret');
    writeFileSync(secret, randomBytes(24).toString('base64url'));
    this.#house = await House.open({
      folder,
      environment: { NODE_OPTIONS: snapshotFlags(this.#snapshotFolder).join(' ') },
      settings: {
        logLevel: 'trace',
        canary: { everyMinutes: 1440 },
        webhooks: [{ merchant, url: `${this.#system.origin}/told`, secret: { file: secret } }],
      },
    });
    return this.#house;
  }

  get #snapshotFolder(): string {
    return path.join(this.#folder, 'snapshots');
  }

  async #plant(browser: Browser): Promise<void> {
    const folder = path.join(this.#folder, 'planted');
    mkdirSync(this.#snapshotFolder, { recursive: true });
    this.#ends.push(plantFiles(folder));
    const holder = await plantProcess(path.join(folder, 'process'));
    this.#ends.push(holder.gone);
    const files = ['planted.log', 'planted.sqlite', 'planted-ahead.sqlite-wal'].map((name): Planting => {
      return { where: `file ${name}`, shapes: PLANTED_SHAPES, found: { file: path.join(folder, name) } };
    });
    await this.#realFetch(`${this.#system.origin}/told`, { method: 'POST', body: new Uint8Array(PLANTED_BYTES) });
    await fetch(`${this.#system.origin}/planted`);
    const plantings: Planting[] = [
      ...files,
      ...holder.plantings,
      ...(await plantPage(browser, this.#system, path.join(folder, 'page'))),
      ...plantHeard(),
      { where: 'webhooks', shapes: PLANTED_SHAPES, found: { bytes: this.#system.told } },
      { where: 'API answers', shapes: PLANTED_SHAPES, found: { bytes: Buffer.concat(this.#answers) } },
    ];
    for (const { where, shapes, found } of plantings) {
      const finds =
        'pid' in found
          ? (await this.#search.memory(found.pid, where)).finds
          : await ('file' in found ? this.#search.file(found.file, where) : this.#search.bytes(found.bytes, where));
      const seen = finds.filter(({ card }) => card === 'planted').map(({ shape }) => shape);
      for (const shape of shapes) if (!seen.includes(shape)) this.#missed.push(`${where}: ${shape}`);
    }
    const spoken = [...PLANTED].join(' ');
    const joined = await this.#search.bytes(Buffer.from(`[${spoken}]`), 'text');
    if (!joined.some(({ shape }) => shape === 'ASCII with something between')) this.#missed.push('text: between');
    const eleven = await this.#search.bytes(Buffer.from(`a ${PLANTED.slice(0, 11)} b`), 'text');
    if (eleven.length > 0) this.#missed.push('eleven digits are none');
  }

  /** Before the service takes payments its canary makes some. */
  async #canary(house: House): Promise<void> {
    await eventually(
      async () => {
        const answer = await this.#realFetch(`${house.stack.softphone}/healthz`);
        const { parts } = (await answer.json()) as { parts: { name: string; ok: boolean; detail?: string }[] };
        const part = parts.find(({ name }) => name === 'leak canary');
        return part?.ok && !part.detail?.includes('not yet open') ? part : undefined;
      },
      'the canary’s payments',
      CANARY_MS,
    );
    this.#told('canary', 'passed');
    await wait(GONE_MS);
    await this.#inMemory('card process, after the canary', cardPid(house), () => true);
  }

  /** An agent's customers, one after the other, until all have paid. */
  async #pays(talk: Talk): Promise<void> {
    const looks: Promise<void>[] = [];
    while (this.#begun < this.#payments - LAST) {
      const at = this.#begun++;
      const story = await this.#next();
      const how = TRANSPORTS[(at + Math.floor(at / STORIES.length)) % TRANSPORTS.length] ?? 'event';
      const outcome = await act(talk, story, how);
      this.#told(`${story.does}: ${story.cards.join(', then ')}`, `${outcome} (${how})`);
      looks.push(this.#afterOutcome(talk.house, story.cards));
      await talk.agent.until(({ call }) => call?.payment?.wall === 'open', 30_000, 'the wall to open');
    }
    await Promise.all(looks);
  }

  async #browserPays(window: BrowserTalk): Promise<void> {
    const looks: Promise<void>[] = [];
    for (let turn = 0; this.#begun < this.#payments - LAST || turn === 0; turn++) {
      this.#begun++;
      const card = (['amex', 'jcb', 'diners'] as const)[turn % 3] ?? 'amex';
      const how = TRANSPORTS[turn % TRANSPORTS.length] ?? 'event';
      await this.#take([card]);
      const outcome = await window.pay(card, how);
      this.#told(`in a browser: ${card}`, `${outcome} (${how})`);
      looks.push(this.#afterOutcome(window.house, [card]));
      await window.leave();
    }
    await Promise.all(looks);
  }

  /** The next story whose cards nobody keys now. */
  async #next(): Promise<Story> {
    for (;;) {
      if (this.#queue.length < STORIES.length) this.#queue.push(...STORIES);
      const at = this.#queue.findIndex(({ cards }) => !cards.some((card) => this.#busy.has(card)));
      const [story] = at < 0 ? [] : this.#queue.splice(at, 1);
      if (story) {
        await this.#take(story.cards);
        return story;
      }
      await wait(100);
    }
  }

  async #take(cards: readonly Card[]): Promise<void> {
    while (cards.some((card) => this.#busy.has(card))) await wait(100);
    for (const card of cards) this.#busy.add(card);
  }

  async #afterOutcome(house: House, cards: readonly Card[]): Promise<void> {
    await wait(GONE_MS);
    await this.#inMemory('card process, one second after each outcome', cardPid(house), (card) =>
      cards.includes(card as Card),
    );
    for (const card of cards) this.#busy.delete(card);
    this.#ended++;
    if (this.#ended % 10 === 0) this.#onProgress(`${this.#ended} payments`);
  }

  /** While cards are being keyed, nothing outside the card process may ever hold one. */
  async #outsideTheCde(house: House): Promise<void> {
    const server = house.stack.server.pid ?? 0;
    const card = cardPid(house);
    for (const pid of processTree(server).filter((each) => each !== card)) {
      const name =
        pid === server ? 'media-server' : commandOf(pid).includes('worker') ? 'media worker' : commandOf(pid);
      await this.#inMemory(name, pid, () => true);
    }
    for (const pid of processTree(process.pid).filter((each) =>
      /^(headless_shell|chrom|google-chrome)/.test(commandOf(each)),
    ))
      await this.#inMemory('browser', pid, () => true);
  }

  /** Once, half-way: they hold up whom they are of. */
  async #snapshots(house: House, window: BrowserTalk): Promise<void> {
    while (this.#ended < this.#payments / 2 - 1) await wait(250);
    const server = await heapOfProcess(house.stack.server.pid ?? 0, this.#snapshotFolder);
    await this.#inFile('heap snapshot of the media-server', server);
    await this.#inFile('heap snapshot of the agent’s page', await heapOfPage(window.page, this.#snapshotFolder));
  }

  /** Keys by SIP INFO never take a card; and a card has no business where an order's number belongs. */
  async #refused(house: House, talks: readonly Talk[]): Promise<void> {
    const [talk] = talks;
    if (!talk) return;
    talk.phone.hangUp();
    await talk.agent.until(({ call }) => call === undefined || call.state === 'ended', 10_000, 'the call’s end');
    await talk.agent.ready();
    const phone = await house.phone({ keysType: null });
    await phone.dial(house.stack.number, house.server);
    await talk.agent.until(({ call }) => call?.state === 'talking', 10_000, 'the call by INFO');
    for (const key of CARDS['amex, declined']) await phone.info(key);
    await talk.agent.until(({ call }) => call?.keys.advice === 'info-only', 10_000, 'the advice');
    const refused = await talk.agent.startPayment(house.order()).catch((cause: Error) => cause.message);
    this.#told('by SIP INFO', typeof refused === 'string' ? refused : 'taken');
    this.#ended++;
  }

  /** The payment service falls silent with a card in its hands, and whatever it is asked then: nobody knows what became of it. */
  async #unknown(house: House, talks: readonly Talk[]): Promise<void> {
    const talk = talks.at(-1);
    if (!talk) return;
    const order = house.order();
    await paysUpTo(talk, order, CARDS.slow, 'result');
    await untilAsked(house);
    house.stack.sandbox.kill('SIGSTOP');
    try {
      await talk.agent.until(({ call }) => call?.payment?.state === 'ended', 40_000, 'the outcome');
      this.#told('without an answer', String(talk.agent.call?.payment?.outcome));
    } finally {
      house.stack.sandbox.kill('SIGCONT');
    }
    await this.#afterOutcome(house, ['slow']);
    await talk.agent.until(({ call }) => call?.payment?.wall === 'open', 30_000, 'the wall to open');
  }

  /** The card process dies over a card. What is refused at the door comes last: it stays in the server's memory for a while. */
  async #killed(talks: readonly Talk[]): Promise<void> {
    const talk = talks.at(-1);
    if (!talk) return;
    const { agent, house } = talk;
    await paysUpTo(talk, house.order(), CARDS['jcb, declined'], 'security-code');
    await kill(cardPid(house));
    await agent.until(({ call }) => call?.payment?.state === 'ended', 30_000, 'the outcome');
    this.#told('card process killed', String(agent.call?.payment?.outcome));
    this.#ended++;
    for (const reference of [CARDS.amex, CARDS.jcb.replace(/(.{4})/g, '$1-')]) {
      const refused = await agent.startPayment({ ...house.order(), reference }).catch((cause: Error) => cause.message);
      if (typeof refused !== 'string') throw new Error('a card number was taken as an order');
    }
    for (const address of [`payments/${CARDS.jcb}`, `calls?cursor=${CARDS.jcb}`])
      await agent.request('GET', `/v1/${address}`).catch(() => {});
  }

  async #inFiles(folder: string): Promise<void> {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const file = path.join(folder, name);
      if (OUTSIDE.test(name) || !statSync(file, { throwIfNoEntry: false })?.isFile()) continue;
      if (name.startsWith('card/compiled/')) await this.#inFile('files of compiled code', file);
      else await this.#inBytes(`file ${name}`, readFileSync(file));
    }
  }

  async #inFile(where: string, file: string): Promise<void> {
    this.#keep(where, statSync(file).size, await this.#search.file(file, where), () => true);
  }

  async #inBytes(where: string, bytes: Buffer): Promise<void> {
    this.#keep(where, bytes.length, await this.#search.bytes(bytes, where), () => true);
  }

  /** @param counts which cards mustn't be there */
  async #inMemory(where: string, pid: number, counts: (card: string) => boolean): Promise<void> {
    const { finds, bytes } = await this.#search.memory(pid, where).catch((cause: Error) => {
      // It has ended meanwhile, as a browser's helpers do.
      if (commandOf(pid) === '' || commandOf(pid) === '(gone)') return { finds: [], bytes: 0 };
      throw cause;
    });
    this.#keep(where, bytes, finds, counts);
  }

  #keep(where: string, bytes: number, finds: readonly Find[], counts: (card: string) => boolean): void {
    const before = this.#searched.get(where) ?? { times: 0, bytes: 0 };
    this.#searched.set(where, { times: before.times + 1, bytes: before.bytes + bytes });
    for (const find of finds) {
      if (find.card === 'planted') {
        if (where === 'browser') this.#inBrowser.add(find.shape);
      } else if (counts(find.card)) this.#hits.set(`${where} ${find.card} ${find.shape}`, find);
    }
  }

  #told(story: string, outcome: string): void {
    const key = `${story}: ${outcome}`;
    this.#outcomes[key] = (this.#outcomes[key] ?? 0) + 1;
  }
}

/** An agent in a real browser, with a customer of their own. */
class BrowserTalk {
  readonly house: House;
  readonly #softphone: Softphone;
  readonly #phone: Phone;
  #orders = 0;

  private constructor(house: House, softphone: Softphone, phone: Phone) {
    this.house = house;
    this.#softphone = softphone;
    this.#phone = phone;
  }

  static async open(house: House, browser: Browser): Promise<BrowserTalk> {
    const softphone = await Softphone.open(browser, house.stack.softphone);
    await softphone.signIn('hanako', house.stack.secrets.hanako);
    await softphone.ready();
    const phone = await house.phone();
    await Promise.all([phone.dial(house.stack.number, house.server), softphone.answer()]);
    return new BrowserTalk(house, softphone, phone);
  }

  get page() {
    return this.#softphone.page;
  }

  async pay(card: Card, how: Transport): Promise<string> {
    const softphone = this.#softphone;
    await softphone.takePayment(`R-${++this.#orders}`, '1200');
    for (const [step, keys] of [
      ['confirmation', '1'],
      ['card-number', CARDS[card]],
      ['expiry', EXPIRY],
      ['security-code', codeOf(card)],
    ] as const) {
      await softphone.step(step);
      await this.#phone.keys(keys, { how });
    }
    return softphone.outcomeWord();
  }

  /** Back to the form for the next payment. */
  async leave(): Promise<void> {
    await this.#softphone.page.getByTestId('leave-outcome').click();
  }
}
