// `npm run audit:residue`: customers pay over every transport with published test cards through every outcome, several at
// once, agents in real browsers and without; then logs at every level, databases and their write-ahead logs, API answers,
// browser storage and the memory of every process are searched for the cards' digits. The harness, the customers' phones and
// the practice service stand for the outside world and are left out.
//   npm run audit:residue -- [--payments 200] [--together 4]
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Browser } from 'playwright-core';
import type { Agent } from '../agent/agent.ts';
import { launchChromium } from '../e2e/chromium.ts';
import { Softphone } from '../e2e/softphone.ts';
import { atStep, calls, cardPid, childrenOf, hasNoOtherCard, type Talk, talking } from '../faults/trouble.ts';
import { addAgents, CROWD_PASSWORD } from '../house/crowd.ts';
import { CARDS, CODE, EXPIRY, House } from '../house/house.ts';
import type { Phone } from '../phone/phone.ts';
import { type Find, SHAPES } from './digits.ts';
import { commandOf, DigitSearch, processTree } from './memory.ts';

/** Published test numbers with enough different digits to be told from other bytes; `mistaken` fails its check digit. */
const NUMBERS = {
  amex: '378282246310005',
  jcb: '3530111333300000',
  diners: '36006666333344',
  unknown: '4012888888881881',
  mistaken: '3530111333300001',
  ...CARDS,
} as const;

const TRANSPORTS = ['event', 'tone', 'both'] as const;
type Transport = (typeof TRANSPORTS)[number];

/** What customers do, one after the other. */
const STORIES = [
  'amex',
  'jcb',
  'diners',
  'unknown',
  'mistaken',
  'by-agent',
  'by-customer',
  'funds',
  'slow',
  'lateApproval',
  'nothing',
] as const;
type Story = (typeof STORIES)[number];

export interface AuditResult {
  readonly payments: number;
  /** Outcomes by what the customers did. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly hits: readonly Find[];
  /** Places that were searched, and their bytes. */
  readonly searched: ReadonlyMap<string, number>;
  readonly plantedFound: boolean;
}

export async function auditResidue(payments: number, together: number): Promise<AuditResult> {
  const answers: { where: string; bytes: Buffer }[] = [];
  const realFetch = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const answer = await realFetch(input, init);
    const text = await answer.clone().text();
    answers.push({
      where: `API answer ${answers.length}`,
      bytes: Buffer.from(JSON.stringify([...answer.headers]) + text),
    });
    return answer;
  };
  const search = new DigitSearch(Object.values(NUMBERS));
  let house: House | undefined;
  let browser: Browser | undefined;
  try {
    const plantedFound = await plantedAreFound(search);
    house = await House.open({ settings: { logLevel: 'trace' } });
    browser = await launchChromium();
    const window = await browserTalk(house, browser);
    const talks: Talk[] = [await talking(house, 'taro')];
    for (const name of await addAgents(house, Math.max(0, together - 1))) {
      const agent = await house.agentNamed(name, CROWD_PASSWORD);
      await agent.ready();
      talks.push({ house, agent, phone: await calls(house, agent) });
    }

    const outcomes: Record<string, number> = {};
    const told = (story: string, outcome: string) => {
      outcomes[`${story}: ${outcome}`] = (outcomes[`${story}: ${outcome}`] ?? 0) + 1;
    };
    const searched = new Map<string, number>();
    const hits: Find[] = [];
    const look = async (name: string, pid: number) => {
      const { finds, bytes } = await search.memory(pid, name);
      searched.set(name, (searched.get(name) ?? 0) + bytes);
      hits.push(...finds);
    };
    const { server, folder } = house.stack;
    const outsideTheCde = async () => {
      await look('media-server', server.pid ?? 0);
      for (const pid of childrenOf(server.pid ?? 0, 'mediasoup-worker')) await look('media worker', pid);
      for (const pid of processTree(process.pid).filter((each) => commandOf(each).startsWith('chromium')))
        await look('browser', pid);
    };

    let left = payments - 1;
    const cards = [window.pay('amex', 'event').then((outcome) => told('browser, amex', outcome))];
    cards.push(
      ...talks.map(async (talk, place) => {
        for (let i = place; left > 0; i += talks.length) {
          left--;
          const story = STORIES[i % STORIES.length] ?? 'amex';
          const transport = TRANSPORTS[Math.floor(i / STORIES.length + i) % TRANSPORTS.length] ?? 'event';
          told(story, await pay(talk, story, transport));
        }
      }),
    );
    // While cards are being keyed, nothing outside the card process may ever hold one.
    let done = false;
    const paid = Promise.all(cards).finally(() => (done = true));
    while (!done) {
      await Promise.race([paid, wait(5000)]);
      await outsideTheCde();
    }
    await paid;
    await wait(1000);
    await look('card process, one second after the last outcome', cardPid(house));
    await outsideTheCde();

    answers.push({ where: 'events', bytes: Buffer.from(JSON.stringify(talks.map(({ agent }) => agent.said))) });
    answers.push({ where: 'browser storage', bytes: Buffer.from(await window.storage()) });
    answers.push({ where: 'browser page', bytes: Buffer.from(await window.page()) });
    const said = Buffer.concat(answers.map(({ bytes }) => bytes));
    searched.set('API answers, events, browser storage and page', said.length);
    hits.push(...(await inBytes(search, 'API answers, events, browser storage and page', said)));
    const inFiles = async () => {
      for (const file of filesOf(folder)) {
        const name = `file ${path.relative(folder, file)}`;
        searched.set(name, statSync(file).size);
        hits.push(...(await inBytes(search, name, readFileSync(file))));
      }
    };
    await inFiles();
    await house.clear();
    await house.stack.stop();
    await inFiles();
    return { payments, outcomes, hits, searched, plantedFound };
  } finally {
    globalThis.fetch = realFetch;
    await browser?.close();
    await house?.close();
    search.close();
  }
}

async function pay(talk: Talk, story: Story, how: Transport): Promise<string> {
  const { agent, phone, house } = talk;
  const { id } = await agent.startPayment(house.order());
  const card = story === 'by-agent' || story === 'by-customer' ? NUMBERS.jcb : NUMBERS[story];
  await atStep(talk, 'confirmation');
  await phone.keys('1', { how });
  await atStep(talk, 'card-number');
  if (story === 'mistaken') {
    await phone.keys(`${card}#`, { how });
    await agent.until(({ call }) => (call?.payment?.mistakes ?? 0) > 0, 15_000, 'the mistake to be seen');
    await phone.keys(NUMBERS.jcb, { how });
  } else await phone.keys(card, { how });
  await atStep(talk, 'expiry');
  if (story === 'by-agent') await agent.post(`/v1/payments/${id}/cancel`, {});
  else if (story === 'by-customer') await phone.keys('*0', { how });
  else {
    await phone.keys(EXPIRY, { how });
    await atStep(talk, 'security-code');
    await phone.keys(card === NUMBERS.amex ? `${CODE}4` : CODE, { how });
  }
  if (story === 'unknown' || story === 'funds') await hasNoOtherCard(talk);
  const { outcome } = await agent.outcome(40_000);
  await wallOpens(agent);
  return String(outcome);
}

async function wallOpens(agent: Agent): Promise<void> {
  await agent.until(({ call }) => call?.payment?.wall === 'open', 30_000, 'the wall to open');
}

interface Window {
  pay(card: 'amex', how: Transport): Promise<string>;
  storage(): Promise<string>;
  page(): Promise<string>;
}

/** An agent in a real browser, with a customer of their own. */
async function browserTalk(house: House, browser: Browser): Promise<Window> {
  const softphone = await Softphone.open(browser, house.stack.softphone);
  await softphone.signIn('hanako', house.stack.secrets.hanako);
  await softphone.ready();
  const phone: Phone = await house.phone();
  await Promise.all([phone.dial(house.stack.number, house.server), softphone.answer()]);
  return {
    async pay(card, how) {
      await softphone.takePayment('R-1', '1200');
      await softphone.step('confirmation');
      await phone.keys('1', { how });
      await softphone.step('card-number');
      await phone.keys(NUMBERS[card], { how });
      await softphone.step('expiry');
      await phone.keys(EXPIRY, { how });
      await softphone.step('security-code');
      await phone.keys(`${CODE}4`, { how });
      return (await softphone.outcome()).split('\n')[0] ?? '';
    },
    storage: () =>
      softphone.page.evaluate(
        `indexedDB.databases().then((databases) =>
          JSON.stringify({ ...localStorage, ...sessionStorage, cookie: document.cookie, databases }))`,
      ) as Promise<string>,
    page: () => softphone.page.content(),
  };
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile());
}

/** As it stands, and without what stands between single digits or groups of them ("4242 4242", [4,2,4,2]). */
async function inBytes(search: DigitSearch, where: string, bytes: Buffer): Promise<Find[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tonegate-searched-'));
  const file = path.join(folder, 'bytes');
  try {
    writeFileSync(file, bytes);
    const finds = await search.file(file, where);
    writeFileSync(file, bytes.toString('latin1').replace(/(?<=\d)[ ,.:;_"'-]{1,3}(?=\d)/g, ''), 'latin1');
    return [...finds, ...(await search.file(file, `${where}, joined`))];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One card in each shape, in a file and in another process's memory: each has to be found, or the search proves nothing. */
async function plantedAreFound(search: DigitSearch): Promise<boolean> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tonegate-planted-'));
  const around = (bytes: Buffer) =>
    Buffer.concat([randomBytes(5000).fill(0xe5, 0, 100), bytes, Buffer.alloc(3000, 0xe5)]);
  const apart = (stride: number, zero: number) => {
    const bytes = Buffer.alloc(15 * stride, 0xe5);
    [...NUMBERS.amex].forEach((digit, index) => (bytes[index * stride] = zero + Number(digit)));
    return bytes;
  };
  const plants = new Map<string, Buffer>([
    ...Object.entries(SHAPES).map(([shape, write]): [string, Buffer] => [
      shape,
      around(write(NUMBERS.amex.slice(0, 14))),
    ]),
    ['Base64', around(Buffer.from(Buffer.from(NUMBERS.amex).toString('base64')))],
    ...[2, 7, 24, 64].map((stride): [string, Buffer] => [`${stride} apart`, around(apart(stride, 0))]),
    ['text 33 apart', around(apart(33, 0x30))],
  ]);
  try {
    let missed = 0;
    for (const [shape, bytes] of plants) {
      const file = path.join(folder, 'planted');
      writeFileSync(file, bytes);
      if ((await search.file(file, shape)).length === 0) missed++;
      const holder = fork(path.join(import.meta.dirname, 'holder.ts'), [file], {
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      });
      await once(holder, 'message');
      if ((await search.memory(holder.pid ?? 0, shape)).finds.length === 0) missed++;
      holder.kill('SIGKILL');
      await once(holder, 'exit');
    }
    return missed === 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
