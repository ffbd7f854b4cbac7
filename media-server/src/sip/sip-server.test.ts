import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { systemClock, TestClock } from '../shared/clock.ts';
import { devCa } from '../shared/dev-ca.ts';
import { silentLogger } from '../shared/logger.ts';
import { Secret } from '../shared/secret.ts';
import { DigestClient } from './digest/client.ts';
import type { Registration, SipLeg } from './leg.ts';
import type { SipMessage, SipRequest, SipResponse } from './messages/message.ts';
import { responseTo } from './messages/response.ts';
import { serialize } from './messages/serialize.ts';
import { SipServer } from './sip-server.ts';
import { SipSettings } from './settings.ts';
import { noting, policyOf, sdp, testServer } from './testing/fixtures.ts';
import { MemoryNetwork } from './testing/memory-network.ts';
import { nameOf, notedFlow, parse, request } from './testing/requests.ts';
import type { NetworkHandlers } from './transport/network.ts';

const running: SipServer[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

/** A server whose network is this test: what it is sent and what it says. */
async function inMemory(settings: Record<string, unknown> = {}, changes: Parameters<typeof policyOf>[1] = {}) {
  const clock = new TestClock();
  let handlers: NetworkHandlers | undefined;
  const node = new MemoryNetwork(clock, () => 1, 0).node('10.0.0.1');
  const legs: SipLeg[] = [];
  const policy = policyOf((leg) => {
    legs.push(leg);
    return noting().handlers;
  }, changes);
  const network = {
    ...node,
    open: (given: NetworkHandlers) => {
      handlers = given;
      return node.open(given);
    },
  };
  const server = testServer(clock, policy, { bind: '10.0.0.1', ...settings }, { network });
  await server.start();
  const flow = notedFlow();
  const say = (message: SipMessage, by = flow): SipMessage[] => {
    handlers?.received(serialize(message), by, 'datagram');
    return by.written.splice(0);
  };
  return { clock, server, flow, legs, say, lost: (by = flow) => handlers?.lost(by) };
}

const invite = (parts: Parameters<typeof request>[0] = {}) => request({ body: sdp(9), ...parts });

test('what we do not serve is refused with what would be served', async () => {
  const { say } = await inMemory();
  const [method] = say(request({ method: 'SUBSCRIBE' }));
  expect(method).toMatchObject({ status: 405 });
  expect(method?.headers.get('Allow')).toContain('INVITE');
  const [extension] = say(invite({ headers: ['Require: 100rel, precondition'] }));
  expect(extension).toMatchObject({ status: 420 });
  expect(extension?.headers.get('Unsupported')).toBe('precondition');
  expect(say(request({ uri: 'mailto:a@b' }))).toMatchObject([{ status: 416 }]);
  expect(say(request({ method: 'BYE', to: '<sip:a@b>;tag=unknown' }))).toMatchObject([{ status: 481 }]);
  expect(say(request({ method: 'BYE' }))).toMatchObject([{ status: 481 }]);
  const looping = invite();
  looping.headers.set('Max-Forwards', '0');
  expect(say(looping)).toMatchObject([{ status: 483 }]);
  const short = invite({ headers: ['Supported: timer', 'Session-Expires: 30'] });
  expect(say(short)).toMatchObject([{ status: 422 }]);
});

test('OPTIONS is answered 200 with what we can do', async () => {
  const [answer] = (await inMemory()).say(request({ method: 'OPTIONS' }));
  expect(answer).toMatchObject({ status: 200 });
  expect(answer?.headers.get('Allow')).toContain('UPDATE');
});

test('a stranger is challenged without memory, a trunk is known by its address', async () => {
  const strangers = await inMemory({}, { allowAnonymous: () => false });
  expect(strangers.say(invite()).map(nameOf)).toEqual(['401 INVITE']);
  expect(strangers.legs).toHaveLength(0);
  const trunk = { name: 'carrier', host: '10.0.0.9', optionsEvery: 0 };
  const known = await inMemory({ trunks: [trunk] }, { allowAnonymous: () => false });
  known.say(invite());
  expect(known.legs).toMatchObject([{ peer: { kind: 'trunk', trunk: 'carrier' } }]);
  const browser = notedFlow({ transport: 'wss', reliable: true });
  expect(known.say(invite({ branch: 'z9hG4bKws', callId: 'ws' }), browser).map(nameOf)).toEqual(['401 INVITE']);
});

test('who answers the challenge calls as that account; a wrong password does not', async () => {
  const { say, legs, flow } = await inMemory({}, { allowAnonymous: () => false });
  const attempt = async (password: string, branch: string) => {
    const plain = invite({ callId: branch });
    const client = new DigestClient({ user: '1001', password: new Secret(password) });
    const [challenge] = say(plain);
    client.take(challenge as SipResponse, plain.headers);
    const again = invite({ callId: branch, branch, cseq: 2 });
    for (const [name, value] of client.credentials('INVITE', again.uri)) again.headers.set(name, value);
    say(again);
    await new Promise(setImmediate);
    return flow.written.splice(0).map(nameOf);
  };
  expect(await attempt('wrong', 'z9hG4bKwrong')).toEqual(['401 INVITE']);
  expect(await attempt('pw', 'z9hG4bKright')).toEqual([]);
  expect(legs).toMatchObject([{ peer: { kind: 'account', user: '1001' } }]);
});

test('draining refuses new calls with 503 and Retry-After, and lets running ones go on', async () => {
  const { server, say, legs } = await inMemory();
  say(invite());
  server.drain();
  const [refused] = say(invite({ branch: 'z9hG4bKtwo', callId: 'two' }));
  expect(refused).toMatchObject({ status: 503 });
  expect(refused?.headers.get('Retry-After')).toBe('30');
  expect(legs[0]?.state).toBe('early');
});

test('beyond the limit of calls a new one is refused with 503', async () => {
  const { say } = await inMemory({ limits: { dialogs: 10 } });
  const answers = Array.from({ length: 12 }, (_, i) =>
    say(invite({ branch: `z9hG4bK${i}`, callId: `c${i}` })).map(nameOf),
  );
  expect(answers.flat()).toEqual(['503 INVITE', '503 INVITE']);
});

test('a flood from one source is dropped before it is read, and another source is served', async () => {
  const { server, say } = await inMemory({ limits: { perSourcePerSecond: 5 } });
  for (let i = 0; i < 50; i++) say(request({ method: 'OPTIONS', branch: `z9hG4bK${i}`, callId: `c${i}` }));
  expect(server.counts).toEqual({ received: 50, limited: 45, unreadable: 0 });
  const other = notedFlow({ remote: { ip: '10.0.0.8', port: 5060 } });
  expect(say(request({ method: 'OPTIONS' }), other).map(nameOf)).toEqual(['200 OPTIONS']);
});

test('without rport the answer goes to the port in Via, with it to where the request came from', async () => {
  const clock = new TestClock();
  const network = new MemoryNetwork(clock, () => 1, 0);
  const server = testServer(
    clock,
    policyOf(() => noting().handlers),
    { bind: '10.0.0.1' },
    { network: network.node('10.0.0.1') },
  );
  await server.start();
  const heard: number[] = [];
  await network.node('10.0.0.9').open({ received: (_, flow) => void heard.push(flow.local.port), lost: () => {} });
  const flow = network.node('10.0.0.9').connect({ transport: 'udp', host: '', ip: '10.0.0.1', port: 5060 });
  if (flow instanceof Promise) throw new Error('UDP needs no waiting');
  flow.write(serialize(request({ method: 'OPTIONS', via: 'SIP/2.0/UDP 10.0.0.9:7777;branch=z9hG4bKa' })));
  flow.write(
    serialize(request({ method: 'OPTIONS', via: 'SIP/2.0/UDP 10.0.0.9:7777;branch=z9hG4bKb;rport', callId: 'b' })),
  );
  clock.advance(100);
  expect(heard.sort()).toEqual([5060, 7777]);
});

test('a call to a trunk that is down goes to the next of its addresses', async () => {
  const clock = new TestClock();
  const network = new MemoryNetwork(clock, () => 1, 0);
  const dns = {
    naptr: () => Promise.resolve([]),
    srv: () =>
      Promise.resolve([
        { name: 'dead.example', port: 5060, priority: 1, weight: 1 },
        { name: 'live.example', port: 5060, priority: 2, weight: 1 },
      ]),
    addresses: (name: string) => Promise.resolve([name === 'dead.example' ? '10.0.0.66' : '10.0.0.2']),
  };
  const trunks = [{ name: 'carrier', host: 'carrier.example', optionsEvery: 0 }];
  const options = { network: network.node('10.0.0.1'), dns };
  const server = testServer(
    clock,
    policyOf(() => noting().handlers),
    { bind: '10.0.0.1', trunks },
    options,
  );
  const takes = policyOf((leg) => {
    leg.answer(sdp());
    return noting().handlers;
  });
  const carrier = testServer(clock, takes, { bind: '10.0.0.2' }, { network: network.node('10.0.0.2') });
  await Promise.all([server.start(), carrier.start()]);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  await turn();
  const { told, handlers } = noting();
  server.call({ kind: 'trunk', trunk: 'carrier', number: '1' }, { offer: sdp(), from: { user: '2' }, handlers });
  await turn();
  for (let second = 0; second < 40; second++) {
    clock.advance(1000);
    await turn();
  }
  expect(told.events).toEqual(['established with sdp']);
});

test('an owner that fails to take a call has it refused with 500', async () => {
  const { say } = await inMemory(
    {},
    {
      incoming: () => {
        throw new Error('a bug');
      },
    },
  );
  expect(say(invite()).map(nameOf)).toEqual(['500 INVITE']);
});

test("a request with our tag but not the far side's gets 481, and the call goes on", async () => {
  const { say, legs, flow } = await inMemory();
  say(invite());
  legs[0]?.answer(sdp());
  const to = flow.written.splice(0)[0]?.headers.get('To') ?? '';
  const bye = (from: string, branch: string) => request({ method: 'BYE', cseq: 2, from, to, branch });
  expect(say(bye('<sip:x@y>;tag=other', 'z9hG4bKa')).map(nameOf)).toEqual(['481 BYE']);
  expect(legs[0]?.state).toBe('confirmed');
  expect(say(bye('<sip:x@y>;tag=far', 'z9hG4bKb')).map(nameOf)).toEqual(['200 BYE']);
});

test('a challenge names MD5 alone unless SHA-256 is asked for, and to browsers always', async () => {
  const challenges = async (settings: Record<string, unknown>, transport: 'UDP' | 'WS') => {
    const { say } = await inMemory(settings);
    const via = `SIP/2.0/${transport} 10.0.0.9:5060;branch=z9hG4bKone`;
    const [answer] = say(request({ method: 'REGISTER', via }));
    return answer?.headers.all('WWW-Authenticate').map((value) => /algorithm=([A-Z0-9-]+)/.exec(value)?.[1]);
  };
  expect(await challenges({}, 'UDP')).toEqual(['MD5']);
  expect(await challenges({ digest: 'md5-and-sha256' }, 'UDP')).toEqual(['MD5', 'SHA-256']);
  expect(await challenges({ digest: 'md5-and-sha256' }, 'WS')).toEqual(['MD5']);
});

test('an owner of a leg that throws loses its call and nothing else', async () => {
  const { say, clock } = await inMemory(
    {},
    {
      incoming: (leg) => {
        leg.answer(sdp());
        return {
          ...noting().handlers,
          established: () => {
            throw new Error('a bug');
          },
        };
      },
    },
  );
  const [answer] = say(invite());
  const to = answer?.headers.get('To') ?? '';
  const said = say(request({ method: 'ACK', branch: 'z9hG4bKack', to }));
  clock.advance(10);
  expect(said.map(nameOf)).toEqual(['BYE']);
  expect(say(request({ method: 'OPTIONS', callId: 'x' })).map(nameOf)).toEqual(['200 OPTIONS']);
});

async function listening(changes: Parameters<typeof policyOf>[1] = {}, take = (_: SipLeg) => noting().handlers) {
  const server = testServer(systemClock, policyOf(take, changes));
  running.push(server);
  expect(await server.start()).toEqual({ ok: true, value: undefined });
  return server;
}

test('over UDP the answer comes back to the port it was asked from, received and rport filled in', async () => {
  const server = await listening();
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.send(serialize(request({ method: 'OPTIONS' })), server.ports.udp, '127.0.0.1');
  const [bytes] = await once(socket, 'message');
  expect(parse(bytes).headers.get('Via')).toContain(`rport=${socket.address().port};received=127.0.0.1`);
  socket.close();
});

test('over TCP messages may come in pieces, and a double CRLF is answered with one', async () => {
  const server = await listening();
  const socket = connect(server.ports.tcp, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('\r\n\r\n');
  expect((await once(socket, 'data'))[0].toString()).toBe('\r\n');
  const bytes = serialize(request({ method: 'OPTIONS', via: 'SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKtcp' }));
  socket.write(bytes.subarray(0, 40));
  socket.write(bytes.subarray(40));
  expect(parse((await once(socket, 'data'))[0])).toMatchObject({ status: 200 });
  socket.destroy();
});

test('new TLS connections get the certificate that was loaded last', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tonegate-sip-tls-'));
  const files = async (name: string) => {
    const { caFile, certFile, keyFile } = await devCa(join(folder, name), ['127.0.0.1']);
    const [ca, cert, key] = await Promise.all([caFile, certFile, keyFile].map((file) => readFile(file, 'utf8')));
    return { ca: ca ?? '', tls: { cert: cert ?? '', key: key ?? '' } };
  };
  const [one, two] = [await files('one'), await files('two')];
  const server = testServer(
    systemClock,
    policyOf(() => noting().handlers),
    {},
    { tls: one.tls },
  );
  running.push(server);
  await server.start();
  const trusts = async (ca: string): Promise<boolean> => {
    const socket = connectTls({ host: '127.0.0.1', port: server.ports.tls ?? 0, ca });
    const isTrusted = await new Promise<boolean>((resolve) => {
      socket.once('secureConnect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    return isTrusted;
  };
  expect([await trusts(one.ca), await trusts(two.ca)]).toEqual([true, false]);
  expect(server.reloadTls(two.tls)).toEqual({ ok: true, value: undefined });
  expect([await trusts(one.ca), await trusts(two.ca)]).toEqual([false, true]);
  expect(server.reloadTls({ cert: one.tls.cert, key: two.tls.key })).toMatchObject({
    error: { code: 'bad-certificate' },
  });
  expect(await trusts(two.ca)).toBe(true);
  await rm(folder, { recursive: true });
});

test('a port in use is named with its setting', async () => {
  const { ports } = await listening();
  const clash = new SipServer({
    settings: { ...SipSettings.parse({ bind: '127.0.0.1', udpPort: ports.udp }), tcpPort: 0 },
    clock: systemClock,
    logger: silentLogger,
    policy: policyOf(() => noting().handlers),
  });
  const result = await clash.start();
  expect(result).toMatchObject({ ok: false, error: { code: 'port-in-use' } });
  if (!result.ok) expect(result.error.message).toContain(`udpPort ${ports.udp}`);
});

/** A browser as far as SIP sees it: a WebSocket that an HTTP server has accepted. */
async function browser(server: SipServer) {
  const http = createServer();
  const accepting = new WebSocketServer({ server: http });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  accepting.on('connection', (socket, from) => {
    const { remoteAddress = '', remotePort = 0 } = from.socket;
    server.acceptWebSocket(socket, { ip: remoteAddress, port: remotePort, secure: false });
  });
  const address = http.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, 'sip');
  const inbox: string[] = [];
  const takers: ((text: string) => void)[] = [];
  socket.on('message', (data, isBinary) => {
    expect(isBinary).toBe(false);
    const text = (data as Buffer).toString();
    const taker = takers.shift();
    if (taker) taker(text);
    else inbox.push(text);
  });
  await once(socket, 'open');
  const next = (): Promise<string> => {
    const text = inbox.shift();
    return text === undefined ? new Promise((resolve) => takers.push(resolve)) : Promise.resolve(text);
  };
  return {
    socket,
    next,
    say: (message: SipMessage) => socket.send(serialize(message).toString()),
    hear: async () => parse(Buffer.from(await next())),
    close: () => {
      socket.terminate();
      accepting.close();
      http.close();
    },
  };
}

const WS = (branch: string) => `SIP/2.0/WS abc.invalid;branch=${branch}`;

async function register(page: Awaited<ReturnType<typeof browser>>, callId: string): Promise<SipResponse> {
  const client = new DigestClient({ user: '1001', password: new Secret('pw') });
  const make = (cseq: number): SipRequest => {
    const register = request({
      method: 'REGISTER',
      uri: 'sip:tonegate.local',
      via: WS(`z9hG4bK${callId}${cseq}`),
      from: '<sip:1001@tonegate.local>;tag=a',
      to: '<sip:1001@tonegate.local>',
      callId,
      cseq,
    });
    register.headers.set(
      'Contact',
      '<sip:xyz@abc.invalid;transport=ws>;expires=300;+sip.instance="<urn:uuid:1>";reg-id=1',
    );
    return register;
  };
  const first = make(1);
  page.say(first);
  client.take((await page.hear()) as SipResponse, first.headers);
  const second = make(2);
  for (const [name, value] of client.credentials('REGISTER', second.uri)) second.headers.set(name, value);
  page.say(second);
  return (await page.hear()) as SipResponse;
}

test('a browser registers, is called on its connection although its Contact is invalid, and is gone with it', async () => {
  const gone = Promise.withResolvers<Registration>();
  const server = await listening({ unregistered: gone.resolve });
  const page = await browser(server);
  page.socket.send('\r\n\r\n');
  expect(await page.next()).toBe('\r\n');
  expect(await register(page, 'reg')).toMatchObject({ status: 200 });
  const [registration] = server.registrations('1001');
  expect(registration).toMatchObject({ user: '1001', transport: 'ws', alive: true });

  const answered = Promise.withResolvers<string | undefined>();
  const leg = server.callRegistration(registration?.id ?? '', {
    offer: sdp(),
    from: { user: '09012345678' },
    headers: { 'X-Tonegate-Call': 'abc', Via: 'not ours to set' },
    handlers: { ...noting().handlers, established: answered.resolve },
  });
  const ringing = (await page.hear()) as SipRequest;
  expect(ringing).toMatchObject({ method: 'INVITE', uri: 'sip:xyz@abc.invalid;transport=ws' });
  expect(ringing.headers.get('X-Tonegate-Call')).toBe('abc');
  expect(ringing.headers.all('Via')).toHaveLength(1);
  expect(ringing.headers.has('Session-Expires')).toBe(false);
  const ok = responseTo(ringing, 200, undefined, 'page');
  ok.headers.add('Contact', '<sip:xyz@abc.invalid;transport=ws>');
  ok.headers.add('Content-Type', 'application/sdp');
  ok.body = Buffer.from(sdp(9));
  page.say(ok);
  expect(await answered.promise).toBe(sdp(9));
  expect(nameOf(await page.hear())).toBe('ACK');
  leg.end();
  const bye = (await page.hear()) as SipRequest;
  expect(bye.method).toBe('BYE');
  page.say(responseTo(bye, 200));

  page.close();
  expect(await gone.promise).toMatchObject({ id: registration?.id, transport: 'ws' });
  expect(server.registrations('1001')).toEqual([]);
});

test('a call goes on when its browser comes back on another connection', async () => {
  const server = await listening();
  const page = await browser(server);
  await register(page, 'one');
  const [registration] = server.registrations('1001');
  const answered = Promise.withResolvers<void>();
  const leg = server.callRegistration(registration?.id ?? '', {
    offer: sdp(),
    from: { user: '1' },
    handlers: { ...noting().handlers, established: () => answered.resolve() },
  });
  const ringing = (await page.hear()) as SipRequest;
  const ok = responseTo(ringing, 200, undefined, 'page');
  ok.headers.add('Content-Type', 'application/sdp');
  ok.body = Buffer.from(sdp(9));
  page.say(ok);
  await answered.promise;
  page.close();
  const back = await browser(server);
  await register(back, 'two');
  expect(server.registrations('1001')).toMatchObject([{ id: registration?.id }]);
  expect(leg.state).toBe('confirmed');
  leg.end();
  const bye = (await back.hear()) as SipRequest;
  expect(bye.method).toBe('BYE');
  back.say(responseTo(bye, 200));
  back.close();
});

test('dropping an account ends its registrations and its calls', async () => {
  const server = await listening();
  const page = await browser(server);
  await register(page, 'drop');
  const closed = once(page.socket, 'close');
  server.drop('1001');
  await closed;
  expect(server.registrations('1001')).toEqual([]);
  page.close();
});
