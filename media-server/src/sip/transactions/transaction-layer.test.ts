import { expect, test } from 'vitest';
import { TestClock } from '../../shared/clock.ts';
import type { SipRequest, SipResponse } from '../messages/message.ts';
import { responseTo } from '../messages/response.ts';
import { nameOf, notedFlow, request } from '../testing/requests.ts';
import type { ServerTransaction } from './server-transaction.ts';
import { TransactionLayer } from './transaction-layer.ts';

function layerOf(limit = 100) {
  const clock = new TestClock();
  const flow = notedFlow();
  const requests: ServerTransaction[] = [];
  const acks: SipRequest[] = [];
  const screened: SipRequest[] = [];
  const layer = new TransactionLayer({
    clock,
    limit,
    sentBy: () => '10.0.0.1:5060',
    responseFlow: (back) => back,
    screen: (incoming) => {
      screened.push(incoming);
      return incoming.headers.has('X-Refuse') ? responseTo(incoming, 401) : undefined;
    },
    request: (transaction) => void requests.push(transaction),
    ack: (ack) => void acks.push(ack),
  });
  return { clock, flow, layer, requests, acks, screened };
}

function names(flow: ReturnType<typeof notedFlow>): string[] {
  return flow.written.map(nameOf);
}

test('a repeated INVITE reaches the user once and brings out the last response again', () => {
  const { layer, flow, requests } = layerOf();
  layer.receive(request(), flow);
  requests[0]?.respond(responseTo(request(), 180, undefined, 'us'));
  layer.receive(request(), flow);
  expect(requests).toHaveLength(1);
  expect(names(flow)).toEqual(['180 INVITE', '180 INVITE']);
});

test('the same branch from another sent-by, or with another method, is another transaction', () => {
  const { layer, flow, requests } = layerOf();
  layer.receive(request(), flow);
  layer.receive(request({ via: 'SIP/2.0/UDP 10.0.0.8:5060;branch=z9hG4bKone', callId: 'call-b' }), flow);
  layer.receive(request({ method: 'OPTIONS' }), flow);
  expect(requests).toHaveLength(3);
});

test('a request of RFC 2543 without the branch cookie is told from the next one by Call-ID and CSeq', () => {
  const { layer, flow, requests } = layerOf();
  const old = (cseq: number) => request({ via: 'SIP/2.0/UDP 10.0.0.9:5060;branch=1', cseq, callId: `old-${cseq}` });
  layer.receive(old(1), flow);
  layer.receive(old(1), flow);
  layer.receive(old(2), flow);
  expect(requests).toHaveLength(2);
});

test('the same request by two ways is served once and answered 482 the other time', () => {
  const { layer, flow, requests } = layerOf();
  layer.receive(request({ branch: 'z9hG4bKone' }), flow);
  layer.receive(request({ branch: 'z9hG4bKtwo' }), flow);
  expect(requests).toHaveLength(1);
  expect(names(flow)).toEqual(['482 INVITE']);
});

test('CANCEL is answered 200 and reaches its INVITE; without one it is answered 481', () => {
  const { layer, flow, requests } = layerOf();
  layer.receive(request(), flow);
  let cancels = 0;
  const [invite] = requests;
  if (invite) invite.onCancel = () => void cancels++;
  layer.receive(request({ method: 'CANCEL' }), flow);
  layer.receive(request({ method: 'CANCEL', branch: 'z9hG4bKother' }), flow);
  expect(cancels).toBe(1);
  expect(names(flow)).toEqual(['200 CANCEL', '481 CANCEL']);
});

test('CANCEL after the final response is answered 200 and changes nothing', () => {
  const { layer, flow, requests } = layerOf();
  layer.receive(request(), flow);
  let cancels = 0;
  const [invite] = requests;
  if (invite) invite.onCancel = () => void cancels++;
  invite?.respond(responseTo(request(), 200, undefined, 'us'));
  layer.receive(request({ method: 'CANCEL' }), flow);
  expect(cancels).toBe(0);
  expect(names(flow)).toEqual(['200 INVITE', '200 CANCEL']);
});

test('the ACK of a refusal ends its repetition; an ACK of another branch goes to the dialogs', () => {
  const { clock, layer, flow, requests, acks } = layerOf();
  layer.receive(request(), flow);
  requests[0]?.respond(responseTo(request(), 486, undefined, 'us'));
  layer.receive(request({ method: 'ACK' }), flow);
  clock.advance(20_000);
  expect(names(flow)).toEqual(['486 INVITE']);
  layer.receive(request({ method: 'ACK', branch: 'z9hG4bKack' }), flow);
  expect(acks).toHaveLength(1);
  expect(layer.size).toBe(0);
});

test('at the limit a new request is answered 503 with Retry-After and nothing is kept', () => {
  const { layer, flow, requests } = layerOf(1);
  layer.receive(request(), flow);
  layer.receive(request({ branch: 'z9hG4bKtwo', callId: 'call-b' }), flow);
  expect(requests).toHaveLength(1);
  expect(names(flow)).toEqual(['503 INVITE']);
  expect(flow.written[0]?.headers.get('Retry-After')).toBe('5');
  expect(layer.size).toBe(1);
});

test('what the screen refuses is answered each time it comes and takes no memory', () => {
  const { layer, flow, requests } = layerOf();
  const refused = () => request({ headers: ['X-Refuse: 1'] });
  layer.receive(refused(), flow);
  layer.receive(refused(), flow);
  expect(requests).toHaveLength(0);
  expect(layer.size).toBe(0);
  expect(names(flow)).toEqual(['401 INVITE', '401 INVITE']);
});

test('a request of ours carries a Via with our branch; its response is found by it', () => {
  const { layer, flow } = layerOf();
  const got: number[] = [];
  const plain = request({ method: 'OPTIONS' });
  plain.headers.remove('Via');
  layer.send(plain, flow, { response: (response) => void got.push(response.status), failed: () => {} });
  const [out] = flow.written;
  expect(out?.headers.get('Via')).toMatch(/^SIP\/2\.0\/UDP 10\.0\.0\.1:5060;branch=z9hG4bK[a-z]{20};rport$/);
  const answer: SipResponse = responseTo(out as SipRequest, 200);
  layer.receive(answer, flow);
  layer.receive(answer, flow);
  expect(got).toEqual([200]);
});

test('CANCEL of ours repeats Via, URI, To, From, Call-ID and CSeq number of its INVITE', () => {
  const { layer, flow } = layerOf();
  const plain = request({ cseq: 7 });
  plain.headers.remove('Via');
  layer.cancel(layer.send(plain, flow, { response: () => {}, failed: () => {} }));
  const [invite, cancel] = flow.written;
  for (const name of ['Via', 'To', 'From', 'Call-ID']) {
    expect(cancel?.headers.get(name)).toBe(invite?.headers.get(name));
  }
  expect(cancel?.headers.get('CSeq')).toBe('7 CANCEL');
});

test('requests that wait on a connection fail when it is lost, others go on', () => {
  const { layer } = layerOf();
  const [one, two] = [notedFlow({ reliable: true }), notedFlow({ reliable: true })];
  const failed: string[] = [];
  const plain = request({ method: 'OPTIONS' });
  plain.headers.remove('Via');
  layer.send(plain, one, { response: () => {}, failed: (why) => void failed.push(`one ${why}`) });
  layer.send(plain, two, { response: () => {}, failed: (why) => void failed.push(`two ${why}`) });
  layer.flowLost(one);
  expect(failed).toEqual(['one transport']);
});

test('a request on a dead connection fails without waiting for a timer', () => {
  const { clock, layer } = layerOf();
  const flow = notedFlow({ reliable: true, alive: false });
  const failed: string[] = [];
  const plain = request({ method: 'OPTIONS' });
  plain.headers.remove('Via');
  layer.send(plain, flow, { response: () => {}, failed: (why) => void failed.push(why) });
  clock.advance(0);
  expect(failed).toEqual(['transport']);
});
