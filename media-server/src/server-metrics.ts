import { Counter, Gauge, type Registry } from 'prom-client';
import type { Calls } from './calls/calls.ts';
import type { CardLink } from './card-link/card-link.ts';
import type { MediaWorkers } from './media/workers.ts';

/** What `/metrics` says of the server as a whole; the parts add their own. */
export function measure(registry: Registry, calls: Calls, link: CardLink, workers: MediaWorkers): void {
  const registers = [registry];
  new Gauge({
    name: 'tonegate_calls',
    help: 'Calls by state',
    labelNames: ['state'],
    registers,
    collect() {
      this.reset();
      for (const [state, count] of calls.states()) this.set({ state }, count);
    },
  });
  new Counter({
    name: 'tonegate_keys_total',
    help: "Customers' key presses by trunk and way; those of `both` came as event and as tone and count there too",
    labelNames: ['trunk', 'way'],
    registers,
    collect() {
      this.reset();
      for (const [trunk, ways] of calls.keysSeen) for (const [way, count] of ways) this.inc({ trunk, way }, count);
    },
  });
  new Gauge({
    name: 'tonegate_card_process_up',
    help: '1 while the card process takes commands',
    registers,
    collect() {
      this.set(Number(link.up));
    },
  });
  new Gauge({
    name: 'tonegate_media_workers',
    help: 'Media workers that run',
    registers,
    collect() {
      this.set(workers.up);
    },
  });
}
