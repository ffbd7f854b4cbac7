// Legs whose gate says that it shuts and doesn't.
import { GateLeg, type GateLegEnvironment, type GateLegOptions } from '../../../media-server/src/cde/gate/gate-leg.ts';
import { serveLegs } from '../../../media-server/src/cde/serve-legs.ts';

class OpenGate extends GateLeg {
  readonly #events: GateLegEnvironment['events'];

  constructor(options: GateLegOptions, environment: GateLegEnvironment) {
    super(options, environment);
    this.#events = environment.events;
  }

  override shut(): void {
    this.#events.onWall('shut', this.counts());
  }
}

serveLegs((options, environment) => new OpenGate(options, environment));
