// A leg thread of the card process that also notes when each packet to a customer leaves: how far the time since the leg's
// last one is from 20 ms. Asked by the channel `captures`, it answers with how many were so far off, by 10 µs.
import { Socket } from 'node:dgram';
import { performance } from 'node:perf_hooks';
import { GateLeg } from '../../media-server/src/cde/gate/gate-leg.ts';
import { serveLegs } from '../../media-server/src/cde/serve-legs.ts';

const PACKET_MS = 20;
const STEPS_PER_MS = 100;
/** The last one stands for all that is further off, too. */
const STEPS = 200 * STEPS_PER_MS;
/** RTP header and 20 ms of G.711. */
const PROMPT_BYTES = 172;

const lastAt = new WeakMap<Socket, number>();
let counted = new Uint32Array(STEPS);

const send = Reflect.get(Socket.prototype, 'send') as (...sent: unknown[]) => void;
Socket.prototype.send = function (this: Socket, ...sent: unknown[]): void {
  const [packet, port] = sent;
  // The SFU's socket is connected: only what goes to a customer names a port.
  if (packet instanceof Uint8Array && packet.length === PROMPT_BYTES && typeof port === 'number') {
    const now = performance.now();
    const off = Math.abs(now - (lastAt.get(this) ?? now - PACKET_MS) - PACKET_MS);
    const step = Math.min(STEPS - 1, Math.floor(off * STEPS_PER_MS));
    counted[step] = (counted[step] ?? 0) + 1;
    lastAt.set(this, now);
  }
  Reflect.apply(send, this, sent);
};

const channel = new BroadcastChannel('captures');
channel.onmessage = ({ data }) => {
  if (data !== 'ask') return;
  channel.postMessage(counted);
  counted = new Uint32Array(STEPS);
};

serveLegs((options, environment) => new GateLeg(options, environment));
