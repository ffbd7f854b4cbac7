// `npm run bench:wall`: the wall under load. Customers pay by keypad, a few at a time, while other calls run; agents are WebRTC
// peers without a browser. Measured at the two ends, and leaks by the media worker's own counts too.
//   npm run bench:wall -- [--payments 200] [--other-calls 50] [--together 4]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { PaymentStep } from '@tonegate/api-schema';
import type { Agent } from '../tests/agent/agent.ts';
import { addAgents, CROWD_PASSWORD } from '../tests/house/crowd.ts';
import { AGENT_HZ, CARDS, CODE, CUSTOMER_HZ, EXPIRY, House } from '../tests/house/house.ts';
import type { KeyTiming, Phone, PhoneOptions } from '../tests/phone/phone.ts';
import { levelAt } from '../tests/phone/sound.ts';
import { Desk } from '../tests/wall/desk.ts';
import { option } from './lib/options.ts';
import type { OtherCalls } from './lib/other-calls.ts';

const payments = option('payments', 200, 10_000);
const otherCalls = option('other-calls', 50, 150);
const together = Math.min(option('together', 4, 16), payments);

/** What had left for the agent before the valves shut is in this process's sockets for a turn or two, ms. */
const ON_ITS_WAY_MS = 20;
/** Between two looks at the worker's counts, ms. */
const COUNT_EVERY_MS = 700;
/** How long an outcome may take to the agent, ms: what is counted before it is counted during the wall. */
const OUTCOME_ARRIVES_MS = 50;
/** The agent's tone at the phone: −15 dBFS when it is there. */
const HEARD_DBFS = -25;
const HEARD_WINDOW_MS = 40;

const CUSTOMERS: readonly { readonly phone: PhoneOptions; readonly keys: KeyTiming }[] = [
  { phone: { codecs: ['PCMU'] }, keys: { how: 'both', on: 80, off: 80 } },
  { phone: { codecs: ['PCMA'], keysType: null }, keys: { how: 'tone', on: 80, off: 80 } },
  { phone: { codecs: ['PCMU'], ptime: 40 }, keys: { how: 'event', on: 80, off: 80 } },
  { phone: { codecs: ['PCMA'] }, keys: { how: 'both', on: 80, off: 80 } },
];
const ENDINGS = ['approved', 'declined', 'by the agent', 'by the customer'] as const;

interface Talk {
  readonly agent: Agent;
  readonly phone: Phone;
  readonly call: string;
  readonly keys: KeyTiming;
}

interface Measured {
  /** Request to both valves having reported shut, as the agent hears of it, ms. */
  readonly toldMs: number;
  /** Request to the customer's last packet at the agent, ms. */
  readonly shutMs: number;
  /** Outcome at the agent to the customer's first packet there, and to the agent's tone at the phone, ms. */
  readonly toAgentMs: number;
  readonly toCustomerMs: number;
  readonly leaked: number;
}

const house = await House.open({ settings: { calls: { limit: 400 } } });
const desk = new Desk(house);
const others = fork(path.join(import.meta.dirname, 'lib/other-calls.ts'));
const measured: Measured[] = [];
/** Packets of the other calls that reached their agents, as a share of what their customers sent. */
let carried = 0;
try {
  const names = await addAgents(house, together + otherCalls);
  const talks: Talk[] = [];
  for (let i = 0; i < together; i++) talks.push(await talking(names[i] ?? '', i));
  const told: OtherCalls = {
    base: `http://127.0.0.1:${house.stack.ports.http}`,
    sip: house.server,
    number: house.stack.number,
    password: CROWD_PASSWORD,
    names: names.slice(together),
  };
  others.send(told);
  await Promise.race([
    once(others, 'message'),
    once(others, 'exit').then(() => Promise.reject(new Error('the process of the other calls ended'))),
  ]);
  const began = performance.now();
  console.error(`${otherCalls} other calls stand; ${payments} payments begin`);
  let left = payments;
  await Promise.all(
    talks.map(async (talk) => {
      for (let i = 0; left > 0; i++) {
        left--;
        measured.push(await pay(talk, ENDINGS[i % ENDINGS.length] ?? 'approved'));
        if (measured.length % 20 === 0) console.error(`  ${measured.length} of ${payments}`);
      }
    }),
  );
  const expected = (otherCalls * (performance.now() - began)) / 20;
  others.send('count');
  const [arrived] = (await once(others, 'message')) as [number];
  carried = arrived / expected;
} finally {
  others.disconnect();
  await house.close();
}

const figures = {
  'request to the last packet at the agent': measured.map(({ shutMs }) => shutMs),
  'request to both valves reported shut': measured.map(({ toldMs }) => toldMs),
  'outcome to the first packet at the agent': measured.map(({ toAgentMs }) => toAgentMs),
  'outcome to the agent heard at the customer': measured.map(({ toCustomerMs }) => toCustomerMs),
};
const leaked = measured.reduce((sum, each) => sum + each.leaked, 0);
const restored = measured.map(({ toAgentMs, toCustomerMs }) => Math.max(toAgentMs, toCustomerMs));
console.log(
  `\n${payments} payments, ${together} at a time, beside ${otherCalls} bridged calls, on ${cpus().length} × ${cpus()[0]?.model}\n`,
);
console.log(`  ${'ms'.padEnd(44)} ${['p50', 'p99', 'max'].map((head) => head.padStart(8)).join('')}`);
for (const [name, values] of Object.entries(figures)) {
  const row = [percentile(values, 50), percentile(values, 99), Math.max(...values)];
  console.log(`  ${name.padEnd(44)} ${row.map((value) => value.toFixed(1).padStart(8)).join('')}`);
}
console.log(`  ${'packets that leaked'.padEnd(44)} ${String(leaked).padStart(8)}`);
console.log(
  `  ${'packets of the other calls that arrived'.padEnd(44)} ${`${Math.round(carried * 100)} %`.padStart(8)}\n`,
);
console.log(
  JSON.stringify({
    bench: 'wall',
    payments: measured.length,
    leaked_packets: leaked,
    shut_ms: spread(figures['request to the last packet at the agent']),
    restore_ms: spread(restored),
  }),
);

async function talking(name: string, i: number): Promise<Talk> {
  const { phone: options, keys } = CUSTOMERS[i % CUSTOMERS.length] ?? { phone: {}, keys: {} };
  const agent = await house.agentNamed(name, CROWD_PASSWORD);
  await agent.ready();
  const phone = await house.phone(options);
  await phone.dial(house.stack.number, house.server);
  await Promise.all([agent.hears(CUSTOMER_HZ, 15_000), phone.hears(AGENT_HZ, 15_000)]);
  return { agent, phone, call: agent.call?.id ?? '', keys };
}

/** One payment in a call that stands, measured; resolves when the two hear each other again. */
async function pay(talk: Talk, ending: (typeof ENDINGS)[number]): Promise<Measured> {
  const { agent, phone, call } = talk;
  const before = agent.call?.payment?.id;
  const requested = performance.now();
  const answered = agent.startPayment(house.order());
  const running = agent.until(
    ({ call: now }) => now?.payment?.state === 'running' && now.payment.id !== before,
    5000,
    'the wall',
  );
  // The event comes before the answer, which is on disk first.
  await Promise.race([running, answered.then(() => running)]);
  const shut = performance.now();
  const { id } = await answered;
  const counting = countUntilOutcome(talk, id);
  await act(talk, id, ending);
  await agent.until(({ call: now }) => now?.payment?.state === 'ended', 60_000, 'the outcome');
  const ended = performance.now();
  await Promise.all([agent.outcome(20_000), phone.hears(AGENT_HZ, 20_000)]);
  await agent.until(() => agent.arrivals.some((at) => at > shut + ON_ITS_WAY_MS), 20_000, 'the customer');
  const behindTheWall = agent.arrivals.filter((at) => at > shut + ON_ITS_WAY_MS && at < ended);
  const last = agent.arrivals.findLast((at) => at <= shut + ON_ITS_WAY_MS) ?? requested;
  const first = agent.arrivals.find((at) => at >= ended) ?? ended;
  const leakedByWorker = await counting;
  await desk.until(id, ({ wall }) => wall === 'open', 5000, 'the wall to be open');
  if (behindTheWall.length + leakedByWorker > 0) {
    console.error(
      `LEAK: call ${call}, ${ending}: ${behindTheWall.length} at the agent, ${leakedByWorker} in the worker`,
    );
  }
  return {
    toldMs: shut - requested,
    shutMs: Math.max(0, last - requested),
    toAgentMs: first - ended,
    toCustomerMs: Math.max(0, firstHeard(phone, ended) - ended),
    leaked: behindTheWall.length + leakedByWorker,
  };
}

async function act({ agent, phone, keys }: Talk, id: string, ending: (typeof ENDINGS)[number]): Promise<void> {
  const step = (wanted: PaymentStep) =>
    agent.until(({ call }) => call?.payment?.step === wanted, 20_000, `the step ${wanted}`);
  await step('confirmation');
  await phone.keys('1', keys);
  await step('card-number');
  const card = ending === 'declined' ? CARDS.declined : CARDS.approved;
  if (ending === 'approved' || ending === 'declined') {
    await phone.keys(`${card}#`, keys);
    await step('expiry');
    await phone.keys(EXPIRY, keys);
    await step('security-code');
    await phone.keys(CODE, keys);
    if (ending === 'approved') return;
    // Another card is asked for; there is none.
    await agent.until(({ call }) => call?.payment?.declined === 1, 20_000, 'the decline');
    await phone.keys('*0', keys);
    return;
  }
  await phone.keys(card.slice(0, 7), keys);
  if (ending === 'by the customer') await phone.keys('*0', keys);
  else await agent.post(`/v1/payments/${id}/cancel`, {});
}

/** Packets that the worker saw pass between the first and the last count before there was an outcome. */
async function countUntilOutcome({ agent, call }: Talk, id: string): Promise<number> {
  const counted: number[] = [];
  for (;;) {
    const sfu = (await desk.counts(call))?.sfu;
    // An outcome that was on its way while the worker counted is known by then.
    await wait(OUTCOME_ARRIVES_MS);
    const payment = agent.call?.payment;
    if (!sfu || payment?.id !== id || payment.state === 'ended') break;
    counted.push(sfu.fromCustomer + sfu.toAgent + sfu.toCustomer);
    await wait(COUNT_EVERY_MS);
  }
  return counted.length === 0 ? 0 : Math.max(...counted) - (counted[0] ?? 0);
}

/** When the phone heard the agent's tone again, by performance.now(). */
function firstHeard(phone: Phone, from: number): number {
  for (let at = from - HEARD_WINDOW_MS; at < performance.now(); at += HEARD_WINDOW_MS / 4) {
    if (levelAt(phone.heardBetween(at, at + HEARD_WINDOW_MS), AGENT_HZ) > HEARD_DBFS) return at + HEARD_WINDOW_MS;
  }
  throw new Error('the phone hears the agent, and yet it does not');
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0;
}

function spread(values: readonly number[]): { p50: number; p99: number } {
  const rounded = (value: number) => Math.round(value * 10) / 10;
  return { p50: rounded(percentile(values, 50)), p99: rounded(percentile(values, 99)) };
}
