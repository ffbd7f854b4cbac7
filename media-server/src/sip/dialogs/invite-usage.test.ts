import { expect, test } from 'vitest';
import { TestClock } from '../../shared/clock.ts';
import { err, ok } from '../../shared/result.ts';
import type { SipRequest, SipResponse } from '../messages/message.ts';
import { responseTo } from '../messages/response.ts';
import { inviteRequest } from '../outgoing-request.ts';
import { sdp } from '../testing/fixtures.ts';
import { nameOf, request } from '../testing/requests.ts';
import { BASE_TIMES } from '../transactions/timers.ts';
import { TimerSet } from '../transactions/timer-set.ts';
import { InviteUsage } from './invite-usage.ts';
import type { UsageConfig, UsageInput, UsageOutput } from './usage.ts';

const CONFIG: UsageConfig = {
  times: BASE_TIMES,
  contact: '<sip:us@10.0.0.1:5060>',
  owner: true,
  timer: { sessionExpires: 1800, minSessionExpires: 90, ask: true },
  sendsUpdate: true,
  random: () => 0.5,
};

/** A usage on a clock. What it does is noted by name; requests and responses are kept. */
function running(
  make: (config: UsageConfig) => { usage: InviteUsage; outputs: UsageOutput[] },
  change: Partial<UsageConfig> = {},
) {
  const clock = new TestClock();
  const names: string[] = [];
  const requests: { id: number; request: SipRequest }[] = [];
  const responses: SipResponse[] = [];
  const asked: UsageOutput[] = [];
  const timers = new TimerSet(clock, (timer) => put({ on: 'timer', timer }));
  const made = make({ ...CONFIG, ...change });
  let ref = 100;
  function run(outputs: readonly UsageOutput[]): void {
    for (const output of outputs) {
      if (output.do === 'timer') timers.start(output.timer, output.ms);
      else if (output.do === 'stop') timers.stop(output.timer);
      else if (output.do === 'request') {
        requests.push(output);
        names.push(output.request.method);
      } else if (output.do === 'ack') {
        requests.push({ id: 0, request: output.request });
        names.push('ACK');
      } else if (output.do === 'respond') {
        responses.push(output.response);
        names.push(nameOf(output.response));
      } else if (output.do === 'ended') names.push(`ended ${output.end.by} ${output.end.cause}`);
      else if (output.do === 'established')
        names.push(output.sdp === undefined ? 'established' : 'established with sdp');
      else if (output.do === 'ringing') names.push(output.sdp === undefined ? 'ringing' : 'ringing with sdp');
      else if (output.do === 'reinvited') {
        names.push(output.result.ok ? 'reinvited' : `not reinvited ${output.result.error.status}`);
      } else {
        asked.push(output);
        names.push(output.do);
      }
    }
  }
  function put(input: UsageInput): void {
    run(made.usage.handle(input));
  }
  run(made.outputs);
  return {
    clock,
    put,
    usage: made.usage,
    requests,
    responses,
    asked,
    take: () => names.splice(0),
    last: () => requests.at(-1) ?? { id: -1, request: request() },
    /** A request of the far side; gives its ref. */
    receive(incoming: SipRequest): number {
      put({ on: 'request', ref: ++ref, request: incoming });
      return ref;
    },
    /** The far side's answer to our request `id`. */
    answer(
      id: number,
      status: number,
      parts: {
        tag?: string;
        headers?: readonly [string, string][];
        sdp?: string;
        again?: readonly [string, string][];
      } = {},
    ): void {
      const own = requests.findLast((each) => each.id === id)?.request ?? request();
      const response = responseTo(own, status, undefined, parts.tag ?? 'far');
      response.headers.add('Contact', '<sip:them@10.0.0.9:5060>');
      for (const [name, value] of parts.headers ?? []) response.headers.add(name, value);
      if (parts.sdp !== undefined) {
        response.headers.add('Content-Type', 'application/sdp');
        response.body = Buffer.from(parts.sdp);
      }
      put({ on: 'response', id, response, ...(parts.again && { again: parts.again }) });
    },
  };
}

function outgoing(change: Partial<UsageConfig> = {}) {
  const invite = inviteRequest({
    uri: 'sip:0312345678@10.0.0.9',
    from: 'sip:us@10.0.0.1',
    contact: CONFIG.contact,
    offer: sdp(1),
    session: { seconds: 1800, minSe: 90 },
  });
  return running((config) => InviteUsage.outgoing(config, invite), change);
}

/** A call of ours that was answered. */
function called(change: Partial<UsageConfig> = {}, headers: readonly [string, string][] = []) {
  const leg = outgoing(change);
  leg.answer(leg.last().id, 200, { sdp: sdp(9), headers });
  leg.take();
  return leg;
}

const INVITE = { body: sdp(9), headers: ['Supported: timer, 100rel'] };

function incoming(parts: Parameters<typeof request>[0] = INVITE, change: Partial<UsageConfig> = {}) {
  return running(
    (config) => ({ usage: InviteUsage.incoming({ ...config, owner: false }, 1, request(parts), 'us'), outputs: [] }),
    change,
  );
}

/** A call to us that was answered and ACKed. */
function taken(parts: Parameters<typeof request>[0] = INVITE, change: Partial<UsageConfig> = {}) {
  const leg = incoming(parts, change);
  leg.put({ on: 'answer', sdp: sdp(1) });
  leg.put({ on: 'ack', request: inDialog('ACK', 1) });
  leg.take();
  return leg;
}

function inDialog(method: string, cseq: number, parts: Parameters<typeof request>[0] = {}): SipRequest {
  return request({ method, cseq, branch: `z9hG4bK${method}${cseq}`, to: '<sip:0312345678@10.0.0.1>;tag=us', ...parts });
}

test('our 2xx is sent again until its ACK, at intervals doubling to 4 s', () => {
  const leg = incoming();
  leg.put({ on: 'ring' });
  leg.put({ on: 'answer', sdp: sdp(1) });
  leg.clock.advance(8000);
  expect(leg.take()).toEqual(['180 INVITE', ...Array(5).fill('200 INVITE')]);
  leg.put({ on: 'ack', request: inDialog('ACK', 1) });
  leg.put({ on: 'ack', request: inDialog('ACK', 1) });
  leg.clock.advance(60_000);
  expect(leg.take()).toEqual(['established']);
});

test('a 2xx without ACK is given up after 32 s, and the call hung up', () => {
  const leg = incoming();
  leg.put({ on: 'answer', sdp: sdp(1) });
  leg.clock.advance(40_000);
  expect(leg.take().filter((name) => name !== '200 INVITE')).toEqual(['ended us protocol', 'BYE']);
});

test('BYE of ours waits for the ACK of our 2xx', () => {
  const leg = incoming();
  leg.put({ on: 'answer', sdp: sdp(1) });
  leg.put({ on: 'end' });
  expect(leg.take()).toEqual(['200 INVITE', 'ended us hung-up']);
  leg.put({ on: 'ack', request: inDialog('ACK', 1) });
  expect(leg.take()).toEqual(['BYE']);
  leg.answer(leg.last().id, 200);
  expect(leg.take()).toEqual(['forget']);
});

test('an INVITE without SDP is answered with our offer, and the ACK brings the answer', () => {
  const leg = incoming({});
  leg.put({ on: 'answer', sdp: sdp(1) });
  leg.put({ on: 'ack', request: inDialog('ACK', 1, { body: sdp(9) }) });
  expect(leg.take()).toEqual(['200 INVITE', 'established with sdp']);
});

test('an ACK without the answer that it owes ends the call', () => {
  const leg = incoming({});
  leg.put({ on: 'answer', sdp: sdp(1) });
  leg.put({ on: 'ack', request: inDialog('ACK', 1) });
  expect(leg.take()).toEqual(['200 INVITE', 'ended us protocol', 'BYE']);
});

test('a caller who cancels gets 487; one who is refused gets the status and Retry-After', () => {
  const cancelled = incoming();
  cancelled.put({ on: 'cancelled', ref: 1 });
  expect(cancelled.take()).toEqual(['487 INVITE', 'ended far cancelled', 'forget']);
  const refused = incoming();
  refused.put({ on: 'reject', status: 480, retryAfter: 12.3 });
  expect(refused.take()).toEqual(['480 INVITE', 'ended us rejected', 'forget']);
  expect(refused.responses[0]?.headers.get('Retry-After')).toBe('13');
});

test('end of a call that rings at our side refuses it, once', () => {
  const leg = incoming();
  leg.put({ on: 'end' });
  leg.put({ on: 'end' });
  expect(leg.take()).toEqual(['480 INVITE', 'ended us rejected', 'forget']);
});

test('where 100rel is required our ringing is sent again until PRACK, and a 2xx waits for that of one with SDP', () => {
  const leg = incoming({ body: sdp(9), headers: ['Require: 100rel'] });
  leg.put({ on: 'ring', sdp: sdp(1) });
  leg.clock.advance(1600);
  leg.put({ on: 'answer', sdp: sdp(1) });
  expect(leg.take()).toEqual(['183 INVITE', '183 INVITE', '183 INVITE']);
  const rseq = leg.responses[0]?.headers.get('RSeq');
  expect(leg.responses[0]?.headers.get('Require')).toBe('100rel');
  leg.receive(inDialog('PRACK', 2, { headers: ['RAck: 5 1 INVITE'] }));
  expect(leg.take()).toEqual(['481 PRACK']);
  leg.receive(inDialog('PRACK', 3, { headers: [`RAck: ${rseq} 1 INVITE`] }));
  expect(leg.take()).toEqual(['200 PRACK', '200 INVITE']);
});

test('a reliable response without PRACK ends the call with 504 after 32 s', () => {
  const leg = incoming({ body: sdp(9), headers: ['Require: 100rel'] });
  leg.put({ on: 'ring' });
  leg.clock.advance(40_000);
  expect(leg.take().slice(-3)).toEqual(['504 INVITE', 'ended us protocol', 'forget']);
});

test('a reliable provisional response gets one PRACK; repeated and skipped ones get none', () => {
  const leg = outgoing();
  const { id } = leg.last();
  const reliable = (rseq: number) =>
    leg.answer(id, 183, {
      sdp: sdp(9),
      headers: [
        ['Require', '100rel'],
        ['RSeq', String(rseq)],
      ],
    });
  reliable(7);
  reliable(7);
  reliable(9);
  expect(leg.take()).toEqual(['INVITE', 'PRACK', 'ringing with sdp']);
  expect(leg.last().request.headers.get('RAck')).toBe('7 1 INVITE');
  reliable(8);
  expect(leg.take()).toEqual(['PRACK', 'ringing with sdp']);
  leg.answer(id, 200);
  expect(leg.take()).toEqual(['ACK', 'established with sdp']);
});

test('CANCEL waits for a provisional response', () => {
  const leg = outgoing();
  const { id } = leg.last();
  leg.put({ on: 'end' });
  expect(leg.take()).toEqual(['INVITE', 'ended us cancelled']);
  leg.answer(id, 100);
  expect(leg.take()).toEqual(['cancel']);
  leg.answer(id, 487);
  expect(leg.take()).toEqual(['forget']);
});

test('a cancelled INVITE without final response is let go after 32 s', () => {
  const leg = outgoing();
  leg.answer(leg.last().id, 180);
  leg.put({ on: 'end' });
  leg.clock.advance(32_000);
  expect(leg.take()).toEqual(['INVITE', 'ringing', 'cancel', 'ended us cancelled', 'abandon', 'forget']);
});

test('a 2xx that crosses our CANCEL is ACKed and hung up', () => {
  const leg = outgoing();
  const { id } = leg.last();
  leg.answer(id, 180);
  leg.put({ on: 'end' });
  leg.take();
  leg.answer(id, 200, { sdp: sdp(9) });
  expect(leg.take()).toEqual(['ACK', 'BYE']);
  leg.answer(id, 200, { sdp: sdp(9) });
  expect(leg.take()).toEqual(['ACK']);
});

test('the 2xx of another fork is ACKed and hung up, once, and the call goes on', () => {
  const leg = called();
  leg.answer(1, 200, { tag: 'other-fork', sdp: sdp(9) });
  leg.answer(1, 200, { tag: 'other-fork', sdp: sdp(9) });
  expect(leg.take()).toEqual(['ACK', 'BYE', 'ACK']);
  expect(leg.usage.state).toBe('confirmed');
});

test('a repeated 2xx gets the same ACK again', () => {
  const leg = called();
  leg.answer(1, 200, { sdp: sdp(9) });
  expect(leg.take()).toEqual(['ACK']);
  expect(leg.last().request.headers.get('CSeq')).toBe('1 ACK');
});

test('a challenge is answered with the next CSeq, and not for ever', () => {
  const leg = outgoing();
  const again: [string, string][] = [['Proxy-Authorization', 'Digest …']];
  for (let i = 0; i < 5; i++) leg.answer(1, 407, { again });
  expect(leg.take()).toEqual(['INVITE', 'INVITE', 'INVITE', 'INVITE', 'ended far rejected', 'forget']);
  expect(leg.requests.map((each) => each.request.headers.get('CSeq'))).toEqual([
    '1 INVITE',
    '2 INVITE',
    '3 INVITE',
    '4 INVITE',
  ]);
});

test('422 makes us ask again with the interval it wants', () => {
  const leg = outgoing();
  leg.answer(1, 422, { headers: [['Min-SE', '3600']] });
  expect(leg.last().request.headers.get('Session-Expires')).toBe('3600');
  expect(leg.last().request.headers.get('Min-SE')).toBe('3600');
});

test('a request with a CSeq not above the last is answered 500', () => {
  const leg = taken();
  leg.receive(inDialog('INFO', 1));
  expect(leg.take()).toEqual(['500 INFO']);
});

test('re-INVITE with another offer asks the owner; with the same one it is answered by the leg itself', () => {
  const leg = taken();
  leg.receive(inDialog('INVITE', 2, { body: sdp(9) }));
  expect(leg.take()).toEqual(['200 INVITE']);
  leg.put({ on: 'ack', request: inDialog('ACK', 2) });
  const ref = leg.receive(inDialog('INVITE', 3, { body: sdp(10, 'sendonly') }));
  expect(leg.take()).toEqual(['ask-answer']);
  leg.put({ on: 'answered', ref, answer: ok(sdp(2)) });
  expect(leg.take()).toEqual(['200 INVITE']);
  expect(leg.responses.at(-1)?.body.toString()).toBe(sdp(2));
});

test('an offer the owner refuses leaves the session as it was', () => {
  const leg = taken();
  const ref = leg.receive(inDialog('INVITE', 2, { body: sdp(10) }));
  leg.put({ on: 'answered', ref, answer: err({ status: 488 }) });
  expect(leg.take()).toEqual(['ask-answer', '488 INVITE']);
  leg.receive(inDialog('INVITE', 3, { body: sdp(9) }));
  expect(leg.take()).toEqual(['200 INVITE']);
});

test('re-INVITE without SDP gets our offer, and its ACK the answer', () => {
  const leg = taken();
  const ref = leg.receive(inDialog('INVITE', 2));
  leg.put({ on: 'offered', ref, offer: sdp(3) });
  leg.put({ on: 'ack', request: inDialog('ACK', 2, { body: sdp(11) }) });
  expect(leg.take()).toEqual(['ask-offer', '200 INVITE', 'established with sdp']);
});

test('a re-INVITE that meets ours is answered 491; ours is tried again after 2.1 to 4 s if the Call-ID is ours', () => {
  const leg = called();
  leg.put({ on: 'reinvite', want: 1, offer: sdp(2) });
  const { id } = leg.last();
  leg.receive(inDialog('INVITE', 1, { body: sdp(10) }));
  leg.answer(id, 491);
  expect(leg.take()).toEqual(['INVITE', '491 INVITE']);
  leg.clock.advance(2099);
  expect(leg.take()).toEqual([]);
  leg.clock.advance(1901);
  expect(leg.take()).toEqual(['INVITE']);
  leg.answer(leg.last().id, 200, { sdp: sdp(11) });
  expect(leg.take()).toEqual(['ACK', 'reinvited']);
});

test('after glare the side whose Call-ID it is not waits 0 to 2 s', () => {
  const leg = taken();
  leg.put({ on: 'reinvite', want: 1, offer: sdp(2) });
  leg.answer(leg.last().id, 491);
  leg.take();
  leg.clock.advance(2000);
  expect(leg.take()).toEqual(['INVITE']);
});

test('re-INVITEs of ours go one after the other, and wait while the far side has an offer open', () => {
  const leg = taken();
  const ref = leg.receive(inDialog('INVITE', 2, { body: sdp(10) }));
  leg.put({ on: 'reinvite', want: 1, offer: sdp(2) });
  leg.put({ on: 'reinvite', want: 2, offer: sdp(3) });
  expect(leg.take()).toEqual(['ask-answer']);
  leg.put({ on: 'answered', ref, answer: ok(sdp(2)) });
  expect(leg.take()).toEqual(['200 INVITE']);
  leg.put({ on: 'ack', request: inDialog('ACK', 2) });
  expect(leg.take()).toEqual(['INVITE']);
  leg.answer(leg.last().id, 200, { sdp: sdp(11) });
  expect(leg.take()).toEqual(['ACK', 'reinvited', 'INVITE']);
  leg.answer(leg.last().id, 488);
  expect(leg.take()).toEqual(['not reinvited 488']);
});

test('a second offer while the first waits is answered 500 with Retry-After', () => {
  const leg = taken();
  leg.receive(inDialog('INVITE', 2, { body: sdp(10) }));
  leg.receive(inDialog('UPDATE', 3, { body: sdp(11) }));
  expect(leg.take()).toEqual(['ask-answer', '500 UPDATE']);
  expect(leg.responses.at(-1)?.headers.get('Retry-After')).toBe('5');
});

test('a cancelled re-INVITE gets 487 and the session goes on', () => {
  const leg = taken();
  const ref = leg.receive(inDialog('INVITE', 2, { body: sdp(10) }));
  leg.put({ on: 'cancelled', ref });
  leg.put({ on: 'answered', ref, answer: ok(sdp(2)) });
  expect(leg.take()).toEqual(['ask-answer', '487 INVITE']);
  expect(leg.usage.state).toBe('confirmed');
});

test('re-INVITE answered 481, or not at all, ends the dialog with a BYE', () => {
  const gone = called();
  gone.put({ on: 'reinvite', want: 1, offer: sdp(2) });
  gone.answer(gone.last().id, 481);
  expect(gone.take()).toEqual(['INVITE', 'not reinvited 481', 'ended far protocol', 'BYE']);
  const silent = called();
  silent.put({ on: 'reinvite', want: 1, offer: sdp(2) });
  silent.put({ on: 'failed', id: silent.last().id, why: 'timeout' });
  expect(silent.take()).toEqual(['INVITE', 'not reinvited 408', 'ended us transport-lost', 'BYE']);
});

test('UPDATE without SDP is always answered 200, also before the answer', () => {
  const early = incoming();
  early.receive(inDialog('UPDATE', 2));
  expect(early.take()).toEqual(['200 UPDATE']);
  const leg = taken();
  leg.receive(inDialog('UPDATE', 2, { headers: ['Session-Expires: 300;refresher=uac', 'Supported: timer'] }));
  expect(leg.take()).toEqual(['200 UPDATE']);
  expect(leg.responses.at(-1)?.headers.get('Session-Expires')).toBe('300;refresher=uac');
});

test('UPDATE with an offer asks the owner; before our answer to the INVITE it is put off', () => {
  const leg = taken();
  const ref = leg.receive(inDialog('UPDATE', 2, { body: sdp(10) }));
  leg.put({ on: 'answered', ref, answer: ok(sdp(2)) });
  expect(leg.take()).toEqual(['ask-answer', '200 UPDATE']);
  const early = incoming();
  early.receive(inDialog('UPDATE', 2, { body: sdp(10) }));
  expect(early.take()).toEqual(['500 UPDATE']);
});

test('as refresher we send UPDATE at half the interval if Allow has it', () => {
  const leg = called({}, [
    ['Session-Expires', '300;refresher=uac'],
    ['Allow', 'INVITE, ACK, BYE, UPDATE'],
  ]);
  leg.clock.advance(150_000);
  expect(leg.take()).toEqual(['UPDATE']);
  expect(leg.last().request.body).toHaveLength(0);
  expect(leg.last().request.headers.get('Session-Expires')).toBe('300;refresher=uac');
  leg.answer(leg.last().id, 200, { headers: [['Session-Expires', '300;refresher=uac']] });
  leg.clock.advance(150_000);
  expect(leg.take()).toEqual(['UPDATE']);
});

test('without UPDATE in Allow, and to browsers always, we refresh by re-INVITE with the last SDP', () => {
  const without = called({}, [
    ['Session-Expires', '300;refresher=uac'],
    ['Allow', 'INVITE, ACK, BYE'],
  ]);
  without.clock.advance(150_000);
  expect(without.take()).toEqual(['INVITE']);
  expect(without.last().request.body.toString()).toBe(sdp(1));
  without.answer(without.last().id, 200, { sdp: sdp(9), headers: [['Session-Expires', '300;refresher=uac']] });
  expect(without.take()).toEqual(['ACK']);
  const browser = called({ sendsUpdate: false }, [
    ['Session-Expires', '300;refresher=uac'],
    ['Allow', 'UPDATE'],
  ]);
  browser.clock.advance(150_000);
  expect(browser.take()).toEqual(['INVITE']);
});

test('an UPDATE that is left unanswered although Allow had it is followed by a re-INVITE', () => {
  const leg = called({}, [
    ['Session-Expires', '300;refresher=uac'],
    ['Allow', 'UPDATE'],
  ]);
  leg.clock.advance(150_000);
  leg.put({ on: 'failed', id: leg.last().id, why: 'timeout' });
  expect(leg.take()).toEqual(['UPDATE', 'INVITE']);
});

test('a refresh whose answer has changed tells the owner', () => {
  const leg = called({}, [['Session-Expires', '300;refresher=uac']]);
  leg.clock.advance(150_000);
  leg.answer(leg.last().id, 200, { sdp: sdp(10) });
  expect(leg.take()).toEqual(['INVITE', 'ACK', 'established with sdp']);
});

test('a far side that should refresh and does not is hung up before the session is over', () => {
  const leg = called({}, [['Session-Expires', '300;refresher=uas']]);
  leg.clock.advance(267_000);
  expect(leg.take()).toEqual([]);
  leg.clock.advance(2000);
  expect(leg.take()).toEqual(['ended us session-expired', 'BYE']);
});

test('a refresh of the far side keeps the session alive', () => {
  const leg = taken({ body: sdp(9), headers: ['Supported: timer', 'Session-Expires: 300;refresher=uac'] });
  for (let cseq = 2; cseq < 6; cseq++) {
    leg.clock.advance(150_000);
    leg.receive(inDialog('UPDATE', cseq, { headers: ['Supported: timer', 'Session-Expires: 300;refresher=uac'] }));
  }
  expect(leg.usage.state).toBe('confirmed');
  leg.clock.advance(300_000);
  expect(leg.take()).toContain('ended us session-expired');
});

test('a re-INVITE or UPDATE with too short a session is answered 422', () => {
  const leg = taken();
  leg.receive(inDialog('UPDATE', 2, { headers: ['Supported: timer', 'Session-Expires: 60'] }));
  expect(leg.take()).toEqual(['422 UPDATE']);
  expect(leg.responses.at(-1)?.headers.get('Min-SE')).toBe('90');
});

test('INFO with a key is reported by its kind; other bodies get 415, none gets 200', () => {
  const leg = taken();
  leg.receive(inDialog('INFO', 2, { headers: ['Content-Type: application/dtmf-relay; charset=x'] }));
  expect(leg.asked.at(-1)).toEqual({ do: 'key', contentType: 'application/dtmf-relay' });
  const strange = inDialog('INFO', 3, { headers: ['Content-Type: text/x'] });
  strange.body = Buffer.from('x');
  leg.receive(strange);
  leg.receive(inDialog('INFO', 4));
  expect(leg.take()).toEqual(['200 INFO', 'key', '415 INFO', '200 INFO']);
});

test.each(['application/dtmf-relay', 'application/dtmf', 'audio/telephone-event', 'Application/DTMF-Relay'])(
  'INFO of %s is a key, whatever it carries',
  (contentType) => {
    const leg = taken();
    const info = inDialog('INFO', 2, { headers: [`Content-Type: ${contentType}`] });
    info.body = Buffer.alloc(24);
    leg.receive(info);
    expect(leg.take()).toEqual(['200 INFO', 'key']);
  },
);

test('OPTIONS in a dialog is answered 200, an unknown method 405', () => {
  const leg = taken();
  leg.receive(inDialog('OPTIONS', 2));
  leg.receive(inDialog('MESSAGE', 3));
  expect(leg.take()).toEqual(['200 OPTIONS', '405 MESSAGE']);
});

test('BYE of the far side ends everything that is open', () => {
  const leg = taken();
  leg.put({ on: 'reinvite', want: 1, offer: sdp(2) });
  leg.take();
  leg.receive(inDialog('BYE', 2));
  expect(leg.take()).toEqual(['200 BYE', 'not reinvited 487', 'ended far hung-up']);
  leg.receive(inDialog('INFO', 3));
  expect(leg.take()).toEqual(['481 INFO']);
});

test('two BYEs that cross are both answered 200', () => {
  const leg = taken();
  leg.put({ on: 'end' });
  leg.receive(inDialog('BYE', 2));
  expect(leg.take()).toEqual(['ended us hung-up', 'BYE', '200 BYE']);
});

test('requests of ours follow the route set and the newest Contact', () => {
  const leg = taken({
    body: sdp(9),
    headers: ['Record-Route: <sip:edge-two@10.0.0.7;lr>', 'Record-Route: <sip:edge-one@10.0.0.8;lr>'],
  });
  leg.put({ on: 'end' });
  expect(leg.last().request.uri).toBe('sip:phone@10.0.0.9:5060');
  expect(leg.last().request.headers.all('Route')).toEqual(['<sip:edge-two@10.0.0.7;lr>', '<sip:edge-one@10.0.0.8;lr>']);
});

test('early media of a second fork is reported as it comes', () => {
  const leg = outgoing();
  leg.answer(1, 183, { tag: 'one', sdp: sdp(9) });
  leg.answer(1, 180, { tag: 'one' });
  leg.answer(1, 183, { tag: 'two', sdp: sdp(10) });
  expect(leg.take()).toEqual(['INVITE', 'ringing with sdp', 'ringing', 'ringing with sdp']);
});

test('an INVITE that nobody answers, or that can not be sent, ends with what happened', () => {
  const silent = outgoing();
  silent.put({ on: 'failed', id: 1, why: 'timeout' });
  expect(silent.take()).toEqual(['INVITE', 'ended far no-answer', 'forget']);
  const dead = outgoing();
  dead.put({ on: 'failed', id: 1, why: 'transport' });
  expect(dead.take()).toEqual(['INVITE', 'ended far transport-lost', 'forget']);
});

test('an INVITE that failed goes to the next destination if there is one', () => {
  const leg = outgoing();
  leg.put({ on: 'failed', id: 1, why: 'transport', again: [] });
  expect(leg.take()).toEqual(['INVITE', 'INVITE']);
});

test('an UPDATE with an offer in an early dialog that has its answer asks the owner', () => {
  const leg = outgoing();
  leg.answer(1, 183, {
    sdp: sdp(9),
    headers: [
      ['Require', '100rel'],
      ['RSeq', '1'],
    ],
  });
  leg.take();
  const update = request({
    method: 'UPDATE',
    from: '<sip:them@10.0.0.9>;tag=far',
    to: '<sip:us@10.0.0.1>;tag=us',
    body: sdp(10),
  });
  const ref = leg.receive(update);
  leg.put({ on: 'answered', ref, answer: ok(sdp(2)) });
  expect(leg.take()).toEqual(['ask-answer', '200 UPDATE']);
});

test('a lost connection ends the call without a word', () => {
  const leg = taken();
  leg.put({ on: 'flow-lost' });
  expect(leg.take()).toEqual(['ended far transport-lost', 'forget']);
});
