import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../media-server/src/shared/clock.ts';
import { type AnsweringServer, PASSWORD, startAnsweringServer, USER } from './peers/answering-server.ts';
import { runSipp, type Scenario, type SippOptions, type SippOutcome, startSipp } from './peers/sipp.ts';

let running: AnsweringServer | undefined;

afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function start(...options: Parameters<typeof startAnsweringServer>): Promise<AnsweringServer> {
  running = await startAnsweringServer(...options);
  return running;
}

/** A server that answers, and a carrier that calls it: both must be content. */
async function calledBy(scenario: Scenario, options: SippOptions = {}, answerMs: number | 'never' = 100) {
  const server = await start({ answerMs: answerMs === 'never' ? undefined : answerMs });
  const { udp, tcp } = server.server.ports;
  const remote = `127.0.0.1:${options.transport === 't1' ? tcp : udp}`;
  const outcome = await runSipp(scenario, { remote, ...options });
  expect(outcome, outcome.errors).toMatchObject({ code: 0, ok: options.calls ?? 1, failed: 0 });
  const [call] = server.calls;
  await call?.ended;
  return { server, call, events: call?.events ?? [] };
}

/** A carrier that waits for our call, and a server with a trunk to it. */
async function callTo(
  scenario: Scenario,
  then: (server: AnsweringServer) => Promise<void>,
  options: SippOptions = {},
): Promise<SippOutcome> {
  const sipp = await startSipp(scenario, { values: { MS: 8000 }, ...options });
  const trunk = { name: 'carrier', host: '127.0.0.1', port: sipp.port, optionsEvery: 0 };
  const server = await start({ settings: { trunks: [trunk] } });
  await then(server);
  const outcome = await sipp.outcome;
  expect(outcome, outcome.errors).toMatchObject({ code: 0, ok: 1, failed: 0 });
  return outcome;
}

test('a carrier calls, talks and hangs up', async () => {
  const { call, events } = await calledBy('carrier-in');
  expect(events).toEqual(['established', 'ended far hung-up']);
  expect(call?.leg.far).toMatchObject({ user: '+819012345678', withheld: false });
  expect(call?.leg.called.user).toBe('+81312345678');
});

test('a carrier calls over TCP', async () => {
  const { call, events } = await calledBy('carrier-in', { transport: 't1' });
  expect(events).toEqual(['established', 'ended far hung-up']);
  expect(call?.leg.source.transport).toBe('tcp');
});

test('a caller who gives up while it rings hears 487', async () => {
  const { call } = await calledBy('carrier-in-cancel', { values: { MS: 300 } }, 'never');
  expect(await call?.ended).toEqual({ by: 'far', cause: 'cancelled', status: 487 });
});

test('a carrier holds twice and resumes by re-INVITE', async () => {
  const { events } = await calledBy('carrier-in-hold');
  expect(events).toEqual(['established', 'reoffered', 'reoffered', 'reoffered', 'ended far hung-up']);
});

test('a carrier refreshes the session by UPDATE without SDP, and nobody is asked', async () => {
  const { events } = await calledBy('carrier-in-update');
  expect(events).toEqual(['established', 'ended far hung-up']);
});

test('a carrier that offers nothing gets our offer, and its ACK brings the answer', async () => {
  const { call, events } = await calledBy('carrier-in-no-sdp');
  expect(call?.leg.offer).toBeUndefined();
  expect(events).toEqual(['established with sdp', 'ended far hung-up']);
});

test('keys that come by INFO are reported by their kind alone', async () => {
  const { events } = await calledBy('carrier-in-info', { digits: '123' });
  const keys = events.filter((event) => event.startsWith('key'));
  expect(keys).toEqual(Array(3).fill('key application/dtmf-relay'));
});

test('we call: early media, answer, and our BYE ends it', async () => {
  await callTo('carrier-out', async (server) => {
    const call = server.call();
    await call.established;
    call.leg.end();
    expect(call.events).toEqual(['ringing with sdp', 'established with sdp', 'ended us hung-up']);
  });
});

test('a reliable provisional response gets its PRACK', async () => {
  await callTo('carrier-out-100rel', async (server) => {
    const call = server.call();
    await call.established;
    call.leg.end();
    expect(call.events).toEqual(['ringing with sdp', 'established with sdp', 'ended us hung-up']);
  });
});

test('a refused call ends with the status of the refusal', async () => {
  await callTo('carrier-out-reject', async (server) => {
    expect(await server.call().ended).toEqual({ by: 'far', cause: 'rejected', status: 486 });
  });
});

test('a call given up while it rings is cancelled', async () => {
  await callTo('carrier-out-cancelled', async (server) => {
    const call = server.call({ onRinging: (leg) => leg.end() });
    expect(await call.ended).toEqual({ by: 'us', cause: 'cancelled' });
  });
});

test('we register with a carrier that challenges, and the trunk is up', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tonegate-sip-'));
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, 'carrier-password\n');
  const sipp = await startSipp('register');
  const trunk = {
    name: 'carrier',
    host: '127.0.0.1',
    port: sipp.port,
    optionsEvery: 0,
    register: { user: '0501', passwordFile },
  };
  const { server } = await start({ settings: { trunks: [trunk] } });
  const outcome = await sipp.outcome;
  expect(outcome, outcome.errors).toMatchObject({ code: 0, ok: 1 });
  await rm(folder, { recursive: true });
  for (const end = systemClock.monotonic() + 2000; server.trunks()[0]?.state !== 'up'; ) {
    expect(systemClock.monotonic()).toBeLessThan(end);
    await new Promise((resolve) => systemClock.after(10, () => resolve(undefined)));
  }
});

test('a phone registers with its password, and not with another', async () => {
  const server = await start({ policy: { allowAnonymous: () => false } });
  const remote = `127.0.0.1:${server.server.ports.udp}`;
  const good = await runSipp('register-client', { remote, values: { USER, PASS: PASSWORD } });
  expect(good, good.errors).toMatchObject({ code: 0, ok: 1 });
  expect(server.server.registrations(USER)).toMatchObject([{ user: USER, transport: 'udp' }]);
  const bad = await runSipp('register-client', { remote, values: { USER, PASS: 'wrong' } });
  expect(bad.ok).toBe(0);
});
