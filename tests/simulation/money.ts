import { LedgerModel, type Store } from './ledger-model.ts';
import type { Plant } from './plants.ts';
import { type Told, tellStory } from './story.ts';
import { random } from './world.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly payments: number;
  readonly plant?: Plant;
  /** What keeps the payments of a story; default: the ledger's model. */
  readonly store?: () => Store;
}

export interface SimulationReport {
  readonly payments: number;
  /** What went wrong, and in how many stories. */
  readonly violations: ReadonlyMap<string, number>;
  /** Seed of the first story in which something did. */
  readonly firstWrong?: number;
  /** By kind of gateway: what happened to attempts, as the ledger names it, and where processes died. */
  readonly seen: ReadonlyMap<string, Seen>;
  /** The same for the same stories. */
  readonly end: number;
}

interface Seen {
  readonly events: Set<string>;
  readonly deaths: Set<string>;
}

/**
 * Orders × purposes × kinds of gateway × answers × deaths at any point × disk, clock and second-process faults, until so
 * many payments were made. What takes the payments is the program's own; the disk, the gateways with their books, the
 * clock and the people are models.
 */
export async function simulateMoney(options: SimulationOptions): Promise<SimulationReport> {
  const { seed, payments, plant, store = () => new LedgerModel(plant) } = options;
  const seeds = random(seed);
  const violations = new Map<string, number>();
  const seen = new Map<string, Seen>();
  let [made, end] = [0, 0];
  let firstWrong: number | undefined;
  while (made < payments) {
    const story = Math.floor(seeds() * 2 ** 32);
    const told: Told = await tellStory({ seed: story, most: payments - made, store: store(), plant });
    made += told.payments;
    end = (end + told.end) % 1;
    const { events, deaths } = seen.get(told.kind.name) ?? { events: new Set(), deaths: new Set() };
    seen.set(told.kind.name, { events: both(events, told.events), deaths: both(deaths, told.deaths) });
    if (told.wrong.length > 0) firstWrong ??= story;
    for (const what of told.wrong) violations.set(what, (violations.get(what) ?? 0) + 1);
  }
  return { payments: made, violations, seen, end, ...(firstWrong !== undefined && { firstWrong }) };
}

function both(one: ReadonlySet<string>, other: ReadonlySet<string>): Set<string> {
  return new Set([...one, ...other]);
}
