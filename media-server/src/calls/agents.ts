import type { AgentState, Call, ServerEvent } from '@tonegate/api-schema';
import type { Id } from '../shared/ids.ts';
import type { Registration } from '../sip/leg.ts';
import type { CallSession } from './call-session.ts';

export interface Agent {
  state: AgentState;
  readonly registrations: Map<string, Registration>;
  /** The call that this agent is in, or that rings there. */
  call: CallSession | undefined;
  readonly listeners: Set<(event: ServerEvent) => void>;
}

const LISTENERS_PER_PERSON = 20;

/** Agents' states and windows: where they can be rung, and who listens for what changes. */
export class Agents {
  readonly #agents = new Map<Id, Agent>();

  /** Of somebody who wasn't heard of yet: not ready, without a window. */
  of(person: Id): Agent {
    let agent = this.#agents.get(person);
    if (!agent) {
      agent = { state: 'not-ready', registrations: new Map(), call: undefined, listeners: new Set() };
      this.#agents.set(person, agent);
    }
    return agent;
  }

  snapshot(person: Id): { state: AgentState; calls: Call[] } {
    const { state, call } = this.of(person);
    return { state, calls: call ? [call.view()] : [] };
  }

  /** Returns what ends it. */
  subscribe(person: Id, listener: (event: ServerEvent) => void): () => void {
    const { listeners } = this.of(person);
    if (listeners.size >= LISTENERS_PER_PERSON)
      throw new Error(`more than ${LISTENERS_PER_PERSON} listeners for one person`);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  tell(person: Id, event: ServerEvent): void {
    for (const listener of this.#agents.get(person)?.listeners ?? []) listener(event);
  }

  tellAll(event: ServerEvent): void {
    for (const person of this.#agents.keys()) this.tell(person, event);
  }

  /** Tells those whom a call concerns, or has concerned until now, what it is like; it holds them until it has ended. */
  changed(session: CallSession, call: Call): void {
    for (const [person, agent] of this.#agents) {
      const concerned = session.person === person || session.ringing.includes(person);
      // An ended call can still change (its payment is acknowledged, or settled); it holds nobody any more.
      if (concerned && !session.ended) agent.call = session;
      else if (agent.call === session) agent.call = undefined;
      else if (!concerned) continue;
      this.tell(person, {
        type: 'call',
        call: concerned ? call : { ...call, state: 'ended', endedAt: call.endedAt ?? Date.now() },
      });
    }
  }
}

/** The window that registered last. */
export function latestWindow(agent: Agent): Registration | undefined {
  return [...agent.registrations.values()].filter((registration) => registration.alive).at(-1);
}
