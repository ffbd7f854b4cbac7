/** What the network does to the sound, in one word. */
export type Quality = 'good' | 'fair' | 'poor';

/** Counters of one moment, from getStats. */
export interface MediaSample {
  readonly received: number;
  readonly lost: number;
  /** Jitter of what we receive, ms. */
  readonly jitterMs: number;
  /** Round trip to the server, ms, where it is known. */
  readonly roundTripMs: number | undefined;
  /** What the far side says it lost of ours, 0–1, where it is known. */
  readonly farLoss: number | undefined;
}

/**
 * Rates what happened between two samples. The bounds follow what G.711 without loss concealment forgives: above 1 %
 * loss a listener notices, above 5 % words are lost; ITU-T G.114 asks for less than 150 ms one way.
 */
export function rateQuality(before: MediaSample | undefined, now: MediaSample): Quality {
  const received = now.received - (before?.received ?? 0);
  const lost = Math.max(0, now.lost - (before?.lost ?? 0));
  // Behind a shut wall nothing arrives, which says nothing of the network.
  const loss = received + lost < 10 ? 0 : lost / (received + lost);
  const worst = Math.max(loss, now.farLoss ?? 0);
  const roundTrip = now.roundTripMs ?? 0;
  if (worst > 0.05 || now.jitterMs > 60 || roundTrip > 400) return 'poor';
  if (worst > 0.01 || now.jitterMs > 30 || roundTrip > 200) return 'fair';
  return 'good';
}

/** Reads the counters that `rateQuality` compares out of a stats report. */
export function sampleOf(report: RTCStatsReport): MediaSample {
  let received = 0;
  let lost = 0;
  let jitterMs = 0;
  let roundTripMs: number | undefined;
  let farLoss: number | undefined;
  report.forEach((entry: Record<string, unknown> & { type: string }) => {
    if (entry.type === 'inbound-rtp') {
      received += number(entry['packetsReceived']) ?? 0;
      lost += number(entry['packetsLost']) ?? 0;
      jitterMs = (number(entry['jitter']) ?? 0) * 1_000;
    } else if (entry.type === 'remote-inbound-rtp') {
      farLoss = number(entry['fractionLost']);
      roundTripMs ??= seconds(entry['roundTripTime']);
    } else if (entry.type === 'candidate-pair' && entry['nominated'] === true) {
      roundTripMs = seconds(entry['currentRoundTripTime']) ?? roundTripMs;
    }
  });
  return { received, lost, jitterMs, roundTripMs, farLoss };
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function seconds(value: unknown): number | undefined {
  const found = number(value);
  return found === undefined ? undefined : found * 1_000;
}
