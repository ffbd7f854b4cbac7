// What the fault tests share: a call to begin with, a payment brought to a point, processes found and killed by their id.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import type { Order, Payment, PaymentStep } from '@tonegate/api-schema';
import { expect } from 'vitest';
import type { Agent } from '../agent/agent.ts';
import { AGENT_HZ, CODE, CUSTOMER_HZ, EXPIRY, type House } from '../house/house.ts';
import type { Phone } from '../phone/phone.ts';

/** One payment with all that is said in it; a test has a few. */
export const PAYMENT_MS = 60_000;

const FAST = { on: 60, off: 60 } as const;

export interface Talk {
  readonly house: House;
  readonly agent: Agent;
  readonly phone: Phone;
}

/** A customer who called and an agent who answered; they hear each other. */
export async function talking(house: House, name: 'hanako' | 'taro' = 'hanako'): Promise<Talk> {
  const agent = await house.agent(name);
  await agent.ready();
  return { house, agent, phone: await calls(house, agent) };
}

/** Another customer for an agent who is ready. */
export async function calls(house: House, agent: Agent): Promise<Phone> {
  const phone = await house.phone();
  await phone.dial(house.stack.number, house.server);
  await hearEachOther({ house, agent, phone });
  return phone;
}

export async function hearEachOther({ agent, phone }: Talk): Promise<void> {
  await Promise.all([agent.hears(CUSTOMER_HZ, 10_000), phone.hears(AGENT_HZ, 10_000)]);
}

/** A whole good call with a payment of its own: what was done before left everything running. */
export async function goodCall(house: House, card: string): Promise<void> {
  const talk = await talking(house);
  const order = house.order();
  await pays(talk, order, card);
  expect(await talk.agent.outcome(30_000)).toMatchObject({ outcome: 'approved', order });
  await hearEachOther(talk);
  await house.clear();
}

export async function atStep({ agent }: Talk, step: PaymentStep): Promise<void> {
  await agent.until(({ call }) => call?.payment?.step === step, 20_000, `the step ${step}`);
}

/** Starts a payment and keys up to the field named, which stays untouched. */
export async function paysUpTo(talk: Talk, order: Order, card: string, field: PaymentStep): Promise<Payment> {
  const payment = await talk.agent.startPayment(order);
  for (const [step, keys] of [
    ['confirmation', '1'],
    ['card-number', card],
    ['expiry', EXPIRY],
    ['security-code', CODE],
  ] as const) {
    await atStep(talk, step);
    if (step === field) return payment;
    await talk.phone.keys(keys, FAST);
  }
  return payment;
}

/** Starts a payment and keys everything: the gateway is being asked, or was. */
export function pays(talk: Talk, order: Order, card: string): Promise<Payment> {
  return paysUpTo(talk, order, card, 'result');
}

/** After a declined card: the customer has no other. */
export async function hasNoOtherCard({ agent, phone }: Talk): Promise<void> {
  await agent.until(({ call }) => call?.payment?.declined === 1, 30_000, 'the decline');
  await phone.keys('*0', FAST);
}

/** Keys what is left from `field` on. */
export async function keysOn(phone: Phone, card: string): Promise<void> {
  await phone.keys(card, FAST);
}

/** Resolves when `ask` gives something; rejects after `ms` with what was awaited. */
export async function eventually<T>(
  ask: () => Promise<T | undefined> | T | undefined,
  what: string,
  ms = 15_000,
): Promise<T> {
  const until = performance.now() + ms;
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    if (performance.now() > until) throw new Error(`waited ${ms} ms for ${what}`);
    await wait(50);
  }
}

/** What the payment service's own books say, for one currency. */
export interface Totals {
  readonly attempts: Record<'processing' | 'approved' | 'declined' | 'reversed', number>;
  /** Requests beyond the first with the same reference. */
  readonly repeated: number;
  /** Captured and not given back, JPY. */
  readonly kept: number;
  readonly ordersPaidTwice: readonly string[];
}

export async function totals(house: House): Promise<Totals> {
  const { attempts, repeated, captured, reversed, ordersPaidTwice } = (await house.stack.books()) as Totals &
    Record<'captured' | 'reversed', Record<string, number>>;
  return { attempts, repeated, ordersPaidTwice, kept: (captured['JPY'] ?? 0) - (reversed['JPY'] ?? 0) };
}

/** The payment service has been asked for something and is thinking about it. */
export async function untilAsked(house: House): Promise<void> {
  await eventually(
    async () => (await totals(house)).attempts.processing > 0 || undefined,
    'the payment service to be asked',
  );
}

/** The books are as before plus what agents were told is approved; nothing was asked for twice. */
export async function expectBooks(house: House, before: Totals, told: number): Promise<void> {
  const after = await totals(house);
  expect(after.kept - before.kept).toBe(told);
  expect(after).toMatchObject({ repeated: 0, ordersPaidTwice: [] });
  expect(after.attempts.processing).toBe(0);
}

/** The process id of this house's card process, the one that was started last. */
export function cardPid(house: House): number {
  const log = readFileSync(path.join(house.stack.folder, 'card/card.log'), 'utf8');
  const pids = [...log.matchAll(/"pid":(\d+)[^\n]*"card process is ready"|"card process is ready"[^\n]*"pid":(\d+)/g)];
  const last = pids.at(-1);
  const pid = Number(last?.[1] ?? last?.[2]);
  if (!pid) throw new Error('no card process has said that it is ready');
  return pid;
}

/** Processes started by this one, by a part of their command line. */
export function childrenOf(pid: number, name: string): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  return children.map(Number).filter((child) => {
    const file = `/proc/${child}/cmdline`;
    return existsSync(file) && readFileSync(file, 'utf8').includes(name);
  });
}

/** Kills one process and waits until it is gone. */
export async function kill(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await eventually(() => !alive(pid) || undefined, `process ${pid} to be gone`);
}

export function alive(pid: number): boolean {
  try {
    // A killed child stays a zombie until its parent has read its end.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
