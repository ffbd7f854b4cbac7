import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Windows } from './windows.ts';

export interface ApiMetrics {
  /** Seconds from request to answer, by method, route pattern and status. */
  readonly requests: Histogram<'method' | 'route' | 'status'>;
  /** Sign-ins by result: `right`, `wrong`, `locked`. */
  readonly signIns: Counter<'result'>;
}

/** The API's own metrics, in the registry that `/metrics` shows. */
export function createApiMetrics(registry: Registry, windows: Windows): ApiMetrics {
  const registers = [registry];
  new Gauge({
    name: 'tonegate_event_windows',
    help: 'Windows that listen for events',
    registers,
    collect() {
      this.set(windows.size);
    },
  });
  return {
    requests: new Histogram({
      name: 'tonegate_http_request_seconds',
      help: 'Time from request to answer',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5],
      registers,
    }),
    signIns: new Counter({
      name: 'tonegate_sign_ins_total',
      help: 'Sign-ins by result',
      labelNames: ['result'],
      registers,
    }),
  };
}
