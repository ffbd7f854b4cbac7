// A whole Tonegate for a test: the sandbox, the server, its card process; on loopback, on ports of its own, in a folder of
// its own. Waiting times of recovery are short.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Stack, type StackOptions, startStack } from '../../scripts/demo-stack.ts';
import { Agent } from '../agent/agent.ts';
import { Phone, type PhoneOptions } from '../phone/phone.ts';

/** Published test numbers, by what the sandbox answers. */
export const CARDS = {
  approved: '4242424242424242',
  declined: '4000000000000002',
  funds: '4000000000009995',
  slow: '4000000000000077',
  /** Executed, but the answer never comes. */
  lateApproval: '4000000000000341',
  /** Not executed, and no answer. */
  nothing: '4000000000000259',
} as const;
/** A month that the sandbox takes, and a code. */
export const EXPIRY = '1230';
export const CODE = '123';
/** The customer's tone and the agent's: neither is near a key's frequencies. */
export const CUSTOMER_HZ = 440;
export const AGENT_HZ = 1000;

export class House {
  readonly stack: Stack;
  readonly #phones: Phone[] = [];
  readonly #agents: Agent[] = [];
  #orders = 0;

  private constructor(stack: Stack) {
    this.stack = stack;
  }

  static async open(options: Partial<StackOptions> = {}): Promise<House> {
    const { folder = mkdtempSync(path.join(tmpdir(), 'tonegate-house-')) } = options;
    return new House(
      await startStack({
        ports: 'free',
        withoutCarrier: true,
        sandboxSlowMs: 1500,
        ...options,
        folder,
        settings: {
          card: { lookupDelaysMs: [300, 600, 1000, 2000, 5000], absentAgainAfterSeconds: 0.5, reverseAfterSeconds: 20 },
          gateway: { timeoutMs: 3000 },
          ...options.settings,
        },
      }),
    );
  }

  get server(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.stack.ports.sip };
  }

  async phone(options: PhoneOptions = {}): Promise<Phone> {
    const phone = await Phone.open(options);
    this.#phones.push(phone);
    phone.speak({ hz: CUSTOMER_HZ, dbfs: -15 });
    return phone;
  }

  agent(name: 'hanako' | 'taro' = 'hanako'): Promise<Agent> {
    return this.agentNamed(name, this.stack.secrets[name]);
  }

  async agentNamed(name: string, password: string): Promise<Agent> {
    const agent = await Agent.signIn({ base: `http://127.0.0.1:${this.stack.ports.http}`, name, password });
    this.#agents.push(agent);
    agent.speak({ hz: AGENT_HZ, dbfs: -15 });
    return agent;
  }

  /** A fresh order number. */
  order(amountMinor = 12_800): { reference: string; amountMinor: number; currency: 'JPY' } {
    return { reference: `A-${++this.#orders}`, amountMinor, currency: 'JPY' };
  }

  /** Ends the phones and agents of one test, so that the next finds the house empty. */
  async clear(): Promise<void> {
    for (const phone of this.#phones.splice(0)) await phone.close();
    await this.clearAgents();
  }

  /** Ends the agents alone. */
  async clearAgents(): Promise<void> {
    for (const agent of this.#agents.splice(0)) await agent.close();
  }

  async close(): Promise<void> {
    await this.clear();
    await this.stack.stop();
    rmSync(this.stack.folder, { recursive: true, force: true });
  }
}
