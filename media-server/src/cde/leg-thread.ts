import { GateLeg } from './gate/gate-leg.ts';
import { serveLegs } from './serve-legs.ts';

serveLegs((options, environment) => new GateLeg(options, environment));
