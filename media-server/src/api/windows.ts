import type { Id } from '../shared/ids.ts';
import { CLOSE, type EventStream } from './event-stream.ts';

/** Windows that one person may have open on the events at once. */
export const WINDOW_LIMIT = 10;

interface Entry {
  readonly window: Id;
  readonly session: Id;
  readonly stream: EventStream;
}

/** All windows that listen for events, by person, over all listeners of this server. */
export class Windows {
  readonly #people = new Map<Id, Set<Entry>>();

  /** Returns what takes it out again, for the end of its stream. The oldest of too many is ended. */
  add(person: Id, entry: Entry): () => void {
    const entries = this.#people.get(person) ?? new Set();
    this.#people.set(person, entries);
    entries.add(entry);
    if (entries.size > WINDOW_LIMIT) {
      const [oldest] = entries;
      oldest?.stream.end(CLOSE.tooMany, 'too many windows');
    }
    return () => {
      entries.delete(entry);
      if (entries.size === 0 && this.#people.get(person) === entries) this.#people.delete(person);
    };
  }

  /** Tells the person's other windows that `window` has taken their place. */
  replacedBy(person: Id, window: Id): void {
    for (const entry of this.#people.get(person) ?? []) {
      if (entry.window !== window) entry.stream.send({ type: 'replaced' });
    }
  }

  /** Closes the windows of a session that was signed out. */
  endSession(person: Id, session: Id): void {
    for (const entry of this.#people.get(person) ?? []) {
      if (entry.session === session) entry.stream.end(CLOSE.signedOut, 'signed out');
    }
  }

  /** How many windows are listening. */
  get size(): number {
    let size = 0;
    for (const entries of this.#people.values()) size += entries.size;
    return size;
  }
}
