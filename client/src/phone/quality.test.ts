import { expect, test } from 'vitest';
import { type MediaSample, rateQuality, sampleOf } from './quality.ts';

const sample = (over: Partial<MediaSample> = {}): MediaSample => ({
  received: 100,
  lost: 0,
  jitterMs: 5,
  roundTripMs: 20,
  farLoss: 0,
  ...over,
});

test('a clean line is good, a lossy one fair, one that loses words poor', () => {
  expect(rateQuality(undefined, sample())).toBe('good');
  expect(rateQuality(sample(), sample({ received: 198, lost: 2 }))).toBe('fair');
  expect(rateQuality(sample(), sample({ received: 190, lost: 10 }))).toBe('poor');
});

test('what counts is the time since the last sample, not the whole call', () => {
  expect(rateQuality(sample({ received: 1_000, lost: 500 }), sample({ received: 1_100, lost: 500 }))).toBe('good');
});

test('the silence behind a shut wall is not taken for a bad network', () => {
  expect(rateQuality(sample({ received: 100, lost: 0 }), sample({ received: 100, lost: 3 }))).toBe('good');
});

test('what the far side loses of ours and a long way there count too', () => {
  expect(rateQuality(undefined, sample({ farLoss: 0.1 }))).toBe('poor');
  expect(rateQuality(undefined, sample({ roundTripMs: 250 }))).toBe('fair');
});

test('the counters are found in a stats report', () => {
  const report = new Map<string, unknown>([
    ['a', { type: 'inbound-rtp', packetsReceived: 50, packetsLost: 1, jitter: 0.012 }],
    ['b', { type: 'remote-inbound-rtp', fractionLost: 0.02, roundTripTime: 0.08 }],
    ['c', { type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.03 }],
  ]) as unknown as RTCStatsReport;
  expect(sampleOf(report)).toEqual({ received: 50, lost: 1, jitterMs: 12, roundTripMs: 30, farLoss: 0.02 });
});
