// Many calls at once: more agents than the demo has, each with a phone that talks to it.
import path from 'node:path';
import { openStorage } from '../../media-server/src/storage/storage.ts';
import { join } from '../../media-server/src/storage/merchants.ts';
import { addPerson } from '../../media-server/src/storage/people.ts';
import { Agent } from '../agent/agent.ts';
import { AGENT_HZ, CUSTOMER_HZ, type House } from './house.ts';

/** Of everybody whom `addAgents` adds. */
export const CROWD_PASSWORD = 'one-of-the-crowd';

/** Adds `count` agents to the demo's merchant, as an administrator would, and has the server read them in. Returns their names. */
export async function addAgents(house: House, count: number): Promise<string[]> {
  const opened = await openStorage(
    { kind: 'sqlite', file: path.join(house.stack.folder, 'tonegate.sqlite') },
    Date.now(),
  );
  if (!opened.ok) throw new Error(opened.error.message);
  const storage = opened.value;
  const merchant = await storage.selectFrom('merchants').select(['id', 'organisation']).executeTakeFirstOrThrow();
  const names: string[] = [];
  for (let i = 0; i < count; i++) {
    const name = `crowd-${i}`;
    const { organisation } = merchant;
    const facts = {
      organisation,
      name,
      displayName: name,
      role: 'agent',
      language: 'en',
      password: CROWD_PASSWORD,
    } as const;
    const person = await addPerson(storage, facts, Date.now());
    await join(storage, person.id, merchant.id, Date.now());
    names.push(name);
  }
  await storage.destroy();
  house.stack.server.kill('SIGHUP');
  return names;
}

/** `count` calls of the crowd, both ways with sound, running until the house is cleared. */
export async function crowd(house: House, count: number): Promise<Agent[]> {
  const names = await addAgents(house, count);
  const agents: Agent[] = [];
  for (const name of names) {
    const agent = await house.agentNamed(name, CROWD_PASSWORD);
    await agent.ready();
    const phone = await house.phone();
    await phone.dial(house.stack.number, house.server);
    await Promise.all([agent.hears(CUSTOMER_HZ, 15_000), phone.hears(AGENT_HZ, 15_000)]);
    agents.push(agent);
  }
  return agents;
}
