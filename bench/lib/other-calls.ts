// Bridged calls in a process of their own, so that they take nothing from the one that measures: forked with `OtherCalls`,
// tells 0 when all of them stand, and then for each message how many packets their agents have received since. Both ends send
// a packet every 20 ms; nobody speaks.
import { setPriority } from 'node:os';
import process from 'node:process';
import { Agent } from '../../tests/agent/agent.ts';
import { Phone } from '../../tests/phone/phone.ts';

export interface OtherCalls {
  readonly base: string;
  readonly sip: { readonly host: string; readonly port: number };
  readonly number: string;
  readonly password: string;
  /** One agent for each call. */
  readonly names: readonly string[];
}

// The world's phones and browsers have processors of their own: here they give way to what is measured.
setPriority(5);

const agents: Agent[] = [];
const received = () => agents.reduce((sum, { counts }) => sum + counts.received, 0);

process.once('message', (calls: OtherCalls) => {
  standing(calls).then(
    () => {
      const before = received();
      process.on('message', () => process.send?.(received() - before));
      process.send?.(0);
    },
    (cause: Error) => {
      console.error(`the other calls don't stand: ${cause.message}`);
      process.exit(1);
    },
  );
});
// Nobody is left to talk for.
process.once('disconnect', () => process.exit(0));

async function standing({ base, sip, number, password, names }: OtherCalls): Promise<void> {
  for (const name of names) {
    const agent = await Agent.signIn({ base, name, password });
    await agent.ready();
    const phone = await Phone.open();
    await phone.dial(number, sip);
    await agent.until(({ counts }) => counts.received > 25, 15_000, 'packets of the customer');
    agents.push(agent);
  }
}
