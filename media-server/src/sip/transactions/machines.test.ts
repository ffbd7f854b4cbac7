import { expect, test } from 'vitest';
import { TestClock } from '../../shared/clock.ts';
import { startInviteClient, stepInviteClient } from './invite-client.ts';
import { startInviteServer, stepInviteServer } from './invite-server.ts';
import { startNonInviteClient, stepNonInviteClient } from './non-invite-client.ts';
import { startNonInviteServer, stepNonInviteServer } from './non-invite-server.ts';
import { TimerSet } from './timer-set.ts';
import { BASE_TIMES, type Step } from './timers.ts';

type Output = { readonly do: string; readonly timer?: string; readonly ms?: number; readonly why?: string };
interface Machine<State, Input> {
  readonly start: Step<State, Output>;
  readonly step: (state: State, input: Input) => Step<State, Output>;
}

/** Runs a machine on a clock and notes what it does and when: `500 send`. */
function running<State, Input>(machine: Machine<State, Input | { on: 'timer'; timer: string }>) {
  const clock = new TestClock();
  const done: string[] = [];
  let state = machine.start.state;
  const timers = new TimerSet(clock, (timer) => put({ on: 'timer', timer }));
  const run = (outputs: readonly Output[]): void => {
    for (const output of outputs) {
      if (output.do === 'timer') timers.start(output.timer ?? '', output.ms ?? 0);
      else done.push(`${clock.monotonic()} ${output.do}${output.why ? ` ${output.why}` : ''}`);
    }
  };
  function put(input: Input | { on: 'timer'; timer: string }): void {
    if (state === undefined) return;
    const next = machine.step(state, input);
    state = next.state;
    run(next.outputs);
    if (state === undefined) {
      timers.clear();
      done.push(`${clock.monotonic()} terminated`);
    }
  }
  run(machine.start.outputs);
  const take = (): string[] => done.splice(0);
  return { clock, put, take, isOver: () => state === undefined };
}

const inviteClient = (reliable: boolean) =>
  running({
    start: startInviteClient(reliable, BASE_TIMES),
    step: (state, input: Parameters<typeof stepInviteClient>[1]) =>
      stepInviteClient(state, input, reliable, BASE_TIMES),
  });
const nonInviteClient = (reliable: boolean) =>
  running({
    start: startNonInviteClient(reliable, BASE_TIMES),
    step: (state, input: Parameters<typeof stepNonInviteClient>[1]) =>
      stepNonInviteClient(state, input, reliable, BASE_TIMES),
  });
const inviteServer = (reliable: boolean) =>
  running({
    start: startInviteServer(BASE_TIMES),
    step: (state, input: Parameters<typeof stepInviteServer>[1]) =>
      stepInviteServer(state, input, reliable, BASE_TIMES),
  });
const nonInviteServer = (reliable: boolean) =>
  running({
    start: startNonInviteServer(),
    step: (state, input: Parameters<typeof stepNonInviteServer>[1]) =>
      stepNonInviteServer(state, input, reliable, BASE_TIMES),
  });

test('timers A and B: an unanswered INVITE is sent seven times, at doubling intervals, and fails after 32 s', () => {
  const machine = inviteClient(false);
  machine.clock.advance(40_000);
  const sends = ['0 send', '500 send', '1500 send', '3500 send', '7500 send', '15500 send', '31500 send'];
  expect(machine.take()).toEqual([...sends, '32000 failed timeout', '32000 terminated']);
});

test('timer B alone on a connection: the INVITE is sent once', () => {
  const machine = inviteClient(true);
  machine.clock.advance(40_000);
  expect(machine.take()).toEqual(['0 send', '32000 failed timeout', '32000 terminated']);
});

test('a provisional response ends the resending of INVITE, and the waiting has no end', () => {
  const machine = inviteClient(false);
  machine.put({ on: 'response', status: 100 });
  machine.clock.advance(300_000);
  expect(machine.take()).toEqual(['0 send', '0 report']);
  expect(machine.isOver()).toBe(false);
});

test('timer M: after a 2xx every further 2xx is reported for 32 s, and nothing else is (RFC 6026)', () => {
  const machine = inviteClient(false);
  machine.put({ on: 'response', status: 200 });
  machine.clock.advance(31_000);
  machine.put({ on: 'response', status: 200 });
  machine.put({ on: 'response', status: 486 });
  machine.clock.advance(5000);
  expect(machine.take()).toEqual(['0 send', '0 report', '31000 report', '32000 terminated']);
});

test('timer D: a refused INVITE is ACKed again for each repeated refusal, for 32 s', () => {
  const machine = inviteClient(false);
  machine.put({ on: 'response', status: 486 });
  machine.clock.advance(500);
  machine.put({ on: 'response', status: 486 });
  machine.clock.advance(40_000);
  expect(machine.take()).toEqual(['0 send', '0 ack', '0 report', '500 ack', '32000 terminated']);
});

test('timer D is 0 on a connection', () => {
  const machine = inviteClient(true);
  machine.put({ on: 'response', status: 486 });
  machine.clock.advance(0);
  expect(machine.isOver()).toBe(true);
});

test('an INVITE whose connection is lost has failed, unless it was answered', () => {
  const waiting = inviteClient(true);
  waiting.put({ on: 'transport-error' });
  expect(waiting.take()).toEqual(['0 send', '0 failed transport', '0 terminated']);
  const answered = inviteClient(true);
  answered.put({ on: 'response', status: 200 });
  answered.put({ on: 'transport-error' });
  expect(answered.isOver()).toBe(false);
});

test('timers E and F: another request is sent at intervals that double up to 4 s, and fails after 32 s', () => {
  const machine = nonInviteClient(false);
  machine.clock.advance(40_000);
  const sends = machine.take();
  expect(sends.slice(0, 6)).toEqual(['0 send', '500 send', '1500 send', '3500 send', '7500 send', '11500 send']);
  expect(sends.slice(-2)).toEqual(['32000 failed timeout', '32000 terminated']);
  expect(sends).toHaveLength(13);
});

test('timer E is 4 s once a provisional response has come', () => {
  const machine = nonInviteClient(false);
  machine.put({ on: 'response', status: 100 });
  machine.clock.advance(9000);
  expect(machine.take()).toEqual(['0 send', '0 report', '500 send', '4500 send', '8500 send']);
});

test('timer K: a repeated final response is absorbed for 5 s', () => {
  const machine = nonInviteClient(false);
  machine.put({ on: 'response', status: 200 });
  machine.put({ on: 'response', status: 200 });
  machine.clock.advance(6000);
  expect(machine.take()).toEqual(['0 send', '0 report', '5000 terminated']);
});

test('timer K is 0 on a connection, and a lost connection fails the request', () => {
  const answered = nonInviteClient(true);
  answered.put({ on: 'response', status: 200 });
  answered.clock.advance(0);
  expect(answered.isOver()).toBe(true);
  const waiting = nonInviteClient(true);
  waiting.put({ on: 'transport-error' });
  expect(waiting.take()).toContain('0 failed transport');
});

test('100 Trying goes out after 200 ms if the user said nothing, and at once for a repeated INVITE', () => {
  const slow = inviteServer(false);
  slow.clock.advance(1000);
  expect(slow.take()).toEqual(['200 send-trying']);
  const quick = inviteServer(false);
  quick.put({ on: 'respond', status: 180 });
  quick.clock.advance(1000);
  quick.put({ on: 'repeated' });
  expect(quick.take()).toEqual(['0 send', '1000 send-last']);
  const repeated = inviteServer(false);
  repeated.put({ on: 'repeated' });
  expect(repeated.take()).toEqual(['0 send-trying']);
});

test('timers G and H: a refusal is repeated at intervals up to 4 s until its ACK, and given up after 32 s', () => {
  const machine = inviteServer(false);
  machine.put({ on: 'respond', status: 486 });
  machine.clock.advance(40_000);
  const sends = machine.take();
  expect(sends.slice(0, 6)).toEqual([
    '0 send',
    '500 send-last',
    '1500 send-last',
    '3500 send-last',
    '7500 send-last',
    '11500 send-last',
  ]);
  expect(sends.slice(-2)).toEqual(['32000 failed timeout', '32000 terminated']);
});

test('timer I: after the ACK repeated ACKs and INVITEs are absorbed for 5 s', () => {
  const machine = inviteServer(false);
  machine.put({ on: 'respond', status: 486 });
  machine.put({ on: 'ack' });
  machine.put({ on: 'ack' });
  machine.put({ on: 'repeated' });
  machine.clock.advance(6000);
  expect(machine.take()).toEqual(['0 send', '5000 terminated']);
});

test('on a connection a refusal is sent once, and timer I is 0', () => {
  const machine = inviteServer(true);
  machine.put({ on: 'respond', status: 486 });
  machine.clock.advance(5000);
  machine.put({ on: 'ack' });
  machine.clock.advance(0);
  expect(machine.take()).toEqual(['0 send', '5000 terminated']);
});

test('timer L: after a 2xx the repeated INVITE is absorbed for 32 s, and the user may send the 2xx again (RFC 6026)', () => {
  const machine = inviteServer(false);
  machine.put({ on: 'respond', status: 200 });
  machine.clock.advance(500);
  machine.put({ on: 'respond', status: 200 });
  machine.put({ on: 'respond', status: 486 });
  machine.put({ on: 'repeated' });
  machine.put({ on: 'ack' });
  machine.clock.advance(40_000);
  expect(machine.take()).toEqual(['0 send', '500 send', '500 pass-ack', '32000 terminated']);
});

test('timer J: the answer to another request is repeated for each repetition, for 32 s', () => {
  const machine = nonInviteServer(false);
  machine.put({ on: 'repeated' });
  machine.put({ on: 'respond', status: 200 });
  machine.clock.advance(31_000);
  machine.put({ on: 'repeated' });
  machine.put({ on: 'respond', status: 500 });
  machine.clock.advance(5000);
  expect(machine.take()).toEqual(['0 send', '31000 send-last', '32000 terminated']);
});

test('timer J is 0 on a connection', () => {
  const machine = nonInviteServer(true);
  machine.put({ on: 'respond', status: 200 });
  machine.clock.advance(0);
  expect(machine.isOver()).toBe(true);
});
