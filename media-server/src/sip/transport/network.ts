import type { Problem, Result } from '../../shared/result.ts';
import type { Destination, Flow } from './flow.ts';

/** What comes in from the network. */
export interface NetworkHandlers {
  /** A whole message, not yet parsed; `stream` if its length came from Content-Length. */
  received(bytes: Buffer, flow: Flow, framing: 'datagram' | 'stream'): void;
  /** A connection is gone. */
  lost(flow: Flow): void;
}

export type ListenProblem = Problem<'port-in-use' | 'cannot-listen' | 'bad-certificate'>;

/** The ways to other SIP elements. `SocketNetwork` is the real one; tests have one in memory. */
export interface Network {
  open(handlers: NetworkHandlers): Promise<Result<void, ListenProblem>>;
  /**
   * A flow to there: at once for UDP and where a connection is open, else when it is up; undefined if it can't be made.
   */
  connect(destination: Destination): Flow | Promise<Flow | undefined>;
  /** Listening ports, known once open. */
  readonly ports: { readonly udp: number; readonly tcp: number; readonly tls: number | undefined };
  close(): Promise<void>;
}
