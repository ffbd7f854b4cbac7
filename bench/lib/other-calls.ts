// Bridged calls in a process of their own, so that they take nothing from the one that measures: forked with `OtherCalls`,
// tells `standing` when all of them stand. Both ends send a packet every 20 ms; nobody speaks.
import process from 'node:process';
import { Agent } from '../../tests/agent/agent.ts';
import { Phone } from '../../tests/phone/phone.ts';

export interface OtherCalls {
  readonly base: string;
  readonly sip: { readonly host: string; readonly port: number };
  readonly number: string;
  readonly password: string;
  /** One agent for each call. */
  readonly agents: readonly string[];
}

process.once('message', (calls: OtherCalls) => {
  standing(calls).then(
    () => process.send?.('standing'),
    (cause: Error) => {
      console.error(`the other calls don't stand: ${cause.message}`);
      process.exit(1);
    },
  );
});
// Nobody is left to talk for.
process.once('disconnect', () => process.exit(0));

async function standing({ base, sip, number, password, agents }: OtherCalls): Promise<void> {
  for (const name of agents) {
    const agent = await Agent.signIn({ base, name, password });
    await agent.ready();
    const phone = await Phone.open();
    await phone.dial(number, sip);
    await agent.until(({ counts }) => counts.received > 25, 15_000, 'packets of the customer');
  }
}
