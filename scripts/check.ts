import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Agent } from '../tests/agent/agent.ts';
import { Phone } from '../tests/phone/phone.ts';
import { startStack } from './demo-stack.ts';

/** The published test number that the sandbox approves, and a month and code that it takes. */
const KEYS = ['1', '4242424242424242', '1230', '123'] as const;
const ORDER = { reference: 'CHECK-A', amountMinor: 12_800, currency: 'JPY' } as const;

/**
 * Makes one demo payment without a person: a phone calls in as the demo's carrier, an agent without a browser answers and
 * takes the payment. Prints one line of JSON; 0 when it was approved and no packet passed the wall, else 1.
 *
 * @param startedAt when the start began, UTC ms
 */
export async function runCheck(root: string, startedAt: number): Promise<number> {
  const folder = mkdtempSync(path.join(root, 'build', 'check-'));
  const stack = await startStack({ folder, ports: "free", withoutCarrier: true });
  const startSeconds = Math.round((Date.now() - startedAt) / 100) / 10;
  const phone = await Phone.open();
  let agent: Agent | undefined;
  let good = false;
  try {
    agent = await Agent.signIn({
      base: `http://127.0.0.1:${stack.ports.http}`,
      name: 'hanako',
      password: stack.secrets.hanako,
    });
    await agent.ready();
    phone.speak({ hz: 440, dbfs: -20 });
    agent.speak({ hz: 1000, dbfs: -20 });
    await phone.dial(stack.number, { host: '127.0.0.1', port: stack.ports.sip });
    await Promise.all([agent.hears(440), phone.hears(1000)]);
    const before = agent.counts.received;

    await agent.startPayment(ORDER);
    await agent.until(({ call }) => call?.payment?.state === 'running', 5000, 'the wall to be shut on both sides');
    // What came before lies in this process's sockets for a turn or two; from then to the outcome nothing may come.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const packetsWhenShut = agent.counts.received;
    for (const [field, step] of [
      [KEYS[0], 'confirmation'],
      [KEYS[1], 'card-number'],
      [KEYS[2], 'expiry'],
      [KEYS[3], 'security-code'],
    ] as const) {
      await agent.until(({ call }) => call?.payment?.step === step, 60_000, `the step ${step}`);
      await phone.keys(field, { on: 80, off: 80 });
    }
    await agent.until(({ call }) => call?.payment?.state === 'ended', 60_000, 'the outcome');
    const duringWall = agent.counts.received - packetsWhenShut;
    const payment = await agent.outcome(30_000);
    await Promise.all([agent.hears(440), phone.hears(1000)]);
    const report = {
      start_s: startSeconds,
      payment: payment.outcome,
      keys: KEYS.join('').length,
      customer_packets_during_wall: duringWall,
      agent_packets_before: before,
      agent_packets_after: agent.counts.received - packetsWhenShut - duringWall,
    };
    console.log(JSON.stringify(report));
    good = payment.outcome === 'approved' && duringWall === 0 && before > 0 && report.agent_packets_after > 0;
    return good ? 0 : 1;
  } catch (cause) {
    console.error(`tonegate: the check failed: ${(cause as Error).message}; logs are in ${folder}`);
    return 1;
  } finally {
    await phone.close();
    await agent?.close();
    await stack.stop();
    if (good) rmSync(folder, { recursive: true, force: true });
  }
}
