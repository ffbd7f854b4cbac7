import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { TestPage } from '../media-server/src/demo/test-page.ts';
import { Agent } from '../tests/agent/agent.ts';
import { loudness } from '../tests/phone/sound.ts';
import { startStack } from './demo-stack.ts';

/** What the customer keys at each step: the published number that the sandbox approves, a month and a code that it takes. */
const KEYS = { confirmation: '1', 'card-number': '4242424242424242', expiry: '1230', 'security-code': '123' } as const;
const KEY_MS = 80;
const ORDER = { reference: 'CHECK-A', amountMinor: 12_800, currency: 'JPY' } as const;
/** One second of sound at 8 kHz. */
const SECOND = 8000;

/**
 * Makes one demo payment without a person: the demo's customer phone calls through the demo trunk as its page would make
 * it, an agent without a browser answers and takes the payment. Prints one line of JSON; resolves with 0 when it was
 * approved and no packet passed the wall, else with 1.
 *
 * @param startedAt when the start began, UTC ms
 */
export async function runCheck(root: string, startedAt: number): Promise<number> {
  const folder = mkdtempSync(path.join(root, 'build', 'check-'));
  const stack = await startStack({ folder, ports: 'free' });
  const startSeconds = Math.round((Date.now() - startedAt) / 100) / 10;
  let customer: TestPage | undefined;
  let agent: Agent | undefined;
  let good = false;
  try {
    const base = `http://127.0.0.1:${stack.ports.http}`;
    agent = await Agent.signIn({ base, name: 'hanako', password: stack.secrets.hanako });
    await agent.ready();
    agent.speak({ hz: 1000, dbfs: -20 });
    customer = await TestPage.open(stack.ports.phone);
    customer.send({ type: 'dial', number: '' });
    await customer.state('talking');
    customer.send({ type: 'sample', play: true, language: 'en' });
    await agent.until((a) => loudness(a.heard(300)) > -45, 10_000, "to hear the customer's voice");
    await customer.hears(SECOND);
    const before = agent.counts.received;

    await agent.startPayment(ORDER);
    await agent.until(({ call }) => call?.payment?.state === 'running', 5000, 'the wall to be shut on both sides');
    // What came before lies in this process's sockets for a turn or two; from then to the outcome nothing may come.
    await wait(20);
    const packetsWhenShut = agent.counts.received;
    for (const [step, keys] of Object.entries(KEYS)) {
      await agent.until(({ call }) => call?.payment?.step === step, 60_000, `the step ${step}`);
      for (const key of keys) {
        customer.send({ type: 'key-down', key });
        await wait(KEY_MS);
        customer.send({ type: 'key-up' });
        await wait(KEY_MS);
      }
    }
    await agent.until(({ call }) => call?.payment?.state === 'ended', 60_000, 'the outcome');
    const duringWall = agent.counts.received - packetsWhenShut;
    const payment = await agent.outcome(30_000);
    const heardWhenOpen = customer.heard;
    const receivedWhenOpen = agent.counts.received;
    await agent.until(({ counts }) => counts.received > receivedWhenOpen + 25, 10_000, 'to hear the customer again');
    await customer.hears(heardWhenOpen + SECOND);
    const report = {
      start_s: startSeconds,
      payment: payment.outcome,
      keys: Object.values(KEYS).join('').length,
      customer_packets_during_wall: duringWall,
      agent_packets_before: before,
      agent_packets_after: agent.counts.received - packetsWhenShut - duringWall,
    };
    console.log(JSON.stringify(report));
    good = payment.outcome === 'approved' && duringWall === 0 && before > 0;
    return good ? 0 : 1;
  } catch (cause) {
    console.error(`tonegate: the check failed: ${(cause as Error).message}; logs are in ${folder}`);
    return 1;
  } finally {
    customer?.close();
    await agent?.close();
    await stack.stop();
    if (good) rmSync(folder, { recursive: true, force: true });
  }
}
