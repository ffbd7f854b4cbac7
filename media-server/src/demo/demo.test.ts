import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Phone } from '../../../tests/phone/phone.ts';
import { systemClock } from '../shared/clock.ts';
import { createLogger } from '../shared/logger.ts';
import { type RunningDemo, startDemo } from './demo.ts';
import { DemoSettings } from './settings.ts';
import { TestPage } from './test-page.ts';

// The media-server's place is taken by a foreign phone: what is proven here is proven against another's SIP and RTP.
let centre: Phone;
let demo: RunningDemo;
const pages: TestPage[] = [];
const log = createLogger('silent');

beforeEach(async () => {
  centre = await Phone.open({ user: 'centre' });
  const server = { host: '127.0.0.1', port: centre.sipPort };
  demo = await startDemo({ ...DemoSettings.parse({ server }), port: 0, sipPort: 0 }, systemClock, log);
});

afterEach(async () => {
  for (const page of pages.splice(0)) page.close();
  await demo.close();
  await centre.close();
});

async function openPage(headers?: Record<string, string>): Promise<TestPage> {
  const page = await TestPage.open(demo.port, headers);
  pages.push(page);
  return page;
}

async function press(page: TestPage, keys: string): Promise<void> {
  for (const key of keys) {
    page.send({ type: 'key-down', key });
    await page.hears(page.heard + 800);
    page.send({ type: 'key-up' });
    await page.hears(page.heard + 800);
  }
}

test('a call from the page is answered, and exactly the keys pressed arrive as events', async () => {
  const page = await openPage();
  const answered = centre.answer({ ringMs: 50 });
  page.send({ type: 'dial', number: '' });
  expect(await page.state('calling')).toMatchObject({ far: '+81312345678' });
  await page.state('ringing-there');
  expect(await page.state('talking')).toMatchObject({ held: false, keys: true });
  await answered;
  await press(page, '4242*#00');
  expect(centre.counts.keysReceived).toBe('4242*#00');
  page.send({ type: 'hang-up' });
  expect(await page.state('idle')).toMatchObject({ ended: 'you-hung-up' });
  await centre.untilEnded(2000);
});

test('keys pressed faster than a telephone can send them all arrive, in order', async () => {
  const page = await openPage();
  void centre.answer({ ringMs: 0 });
  page.send({ type: 'dial', number: '0312345678' });
  await page.state('talking');
  for (const key of '1234567890') {
    page.send({ type: 'key-down', key });
    page.send({ type: 'key-up' });
  }
  await page.hears(10 * 8 * 160 + 1600);
  expect(centre.counts.keysReceived).toBe('1234567890');
});

async function deliver(message: object, headers: Record<string, string> = {}): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${demo.port}/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(message),
  });
  return answer.status;
}

test('a text message shows once on every phone that has its number, and a number nobody has is refused', async () => {
  const message = { id: 'one', to: '+819012345678', text: 'code 012345' };
  expect(await deliver(message)).toBe(404);
  const [first, second] = [await openPage(), await openPage()];
  expect(await deliver({ ...message, to: '+819000000000' })).toBe(404);
  expect(await deliver(message)).toBe(202);
  expect(await deliver(message)).toBe(202);
  expect(await deliver({ ...message, id: 'two', text: 'code 543210' })).toBe(202);
  for (const page of [first, second]) {
    expect(await page.next('text')).toEqual({ type: 'text', text: 'code 012345' });
    expect(await page.next('text')).toEqual({ type: 'text', text: 'code 543210' });
  }
});

test('another site can send no text message to the phones', async () => {
  await openPage();
  const message = { id: 'one', to: '+819012345678', text: 'code 012345' };
  expect(await deliver(message, { origin: 'https://elsewhere.example' })).toBe(403);
  expect(await deliver(message, { 'content-type': 'text/plain' })).toBe(403);
  expect(await deliver({ ...message, text: 'x'.repeat(71) })).toBe(400);
});

test('an incoming call rings on a page, is answered there, and both hear each other', async () => {
  const page = await openPage();
  const dialled = centre.dial('+819012345678', { host: '127.0.0.1', port: demo.sipPort });
  expect(await page.state('ringing')).toMatchObject({ far: 'centre' });
  page.send({ type: 'answer' });
  await dialled;
  await page.state('talking');
  page.send({ type: 'sample', play: true, language: 'ja' });
  expect(await page.next('sample')).toEqual({ type: 'sample', playing: true });
  await centre.hearsVoice(4000);
  await page.hears(1600);
  centre.hangUp();
  expect(await page.state('idle')).toMatchObject({ ended: 'they-hung-up' });
});

test("the page's microphone is heard at the other end", async () => {
  const page = await openPage();
  void centre.answer({ ringMs: 0 });
  page.send({ type: 'dial', number: '' });
  await page.state('talking');
  const tone = Buffer.alloc(320);
  for (let i = 0; i < 160; i++) tone.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * 1000 * i) / 8000)), i * 2);
  const speaking = setInterval(() => page.sendRaw(tone), 20);
  try {
    await centre.hears(1000, 4000);
  } finally {
    clearInterval(speaking);
  }
});

test('without a page, and while all are in a call, a call from the centre gets 480', async () => {
  const target = { host: '127.0.0.1', port: demo.sipPort };
  await expect(centre.dial('+819012345678', target)).rejects.toThrow('480');
  const page = await openPage();
  const second = await Phone.open();
  try {
    const dialled = centre.dial('+819012345678', target);
    await page.state('ringing');
    await expect(second.dial('+819012345678', target)).rejects.toThrow('480');
    page.send({ type: 'hang-up' });
    await expect(dialled).rejects.toThrow();
    expect(await page.state('idle')).toMatchObject({ ended: 'you-hung-up' });
  } finally {
    await second.close();
  }
});

test('busy is told as busy; a page that goes away ends its call', async () => {
  const page = await openPage();
  void centre.answer({ ringMs: 0, reject: 486 });
  page.send({ type: 'dial', number: '' });
  await page.state('calling');
  expect(await page.state('idle')).toMatchObject({ ended: 'busy' });
  void centre.answer({ ringMs: 0 });
  page.send({ type: 'dial', number: '' });
  await page.state('talking');
  page.close();
  await centre.untilEnded(2000);
});

test('five pages have a phone each; the sixth is told that all are taken', async () => {
  for (let i = 0; i < 5; i++) await openPage();
  const sixth = await TestPage.open(demo.port);
  expect(await sixth.closed).toBe(1013);
});

test("other sites' pages get neither page nor phone", async () => {
  const refused = await TestPage.open(demo.port, { Origin: 'https://elsewhere.example' });
  expect(await refused.closed).toBe(1006);
  const rebound = await TestPage.open(demo.port, { Host: 'elsewhere.example' });
  expect(await rebound.closed).toBe(1006);
  const status = await statusOf('GET / HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n');
  expect(status).toBe(421);
  await openPage({ Origin: `http://127.0.0.1:${demo.port}` });
});

test('a page that talks nonsense loses its phone, and nothing else happens', async () => {
  for (const nonsense of [
    '{',
    '{"type":"dial","number":"sip:x@y"}',
    '{"type":"key-down","key":"12"}',
    Buffer.alloc(10),
  ]) {
    const page = await openPage();
    page.sendRaw(nonsense);
    expect(await page.closed).toBe(1008);
  }
  const page = await openPage();
  page.send({ type: 'answer' });
  page.send({ type: 'hang-up' });
  page.send({ type: 'key-down', key: '1' });
  page.send({ type: 'key-up' });
  page.sendRaw(Buffer.alloc(320));
  page.send({ type: 'sample', play: true, language: 'en' });
  expect(await page.next('sample')).toEqual({ type: 'sample', playing: false });
});

test('every file of the page is served, and nothing beside it', async () => {
  const base = `http://127.0.0.1:${demo.port}`;
  const html = await (await fetch(`${base}/`)).text();
  const wanted = new Set([...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? ''));
  for (const name of wanted) {
    const response = await fetch(`${base}/${name}`);
    expect([name, response.status]).toEqual([name, 200]);
    const text = await response.text();
    if (name.startsWith('fonts/')) continue;
    for (const [, imported] of text.matchAll(/(?:from |addModule\()'(?:\.\/)?([^']+)'/g)) wanted.add(imported ?? '');
  }
  expect(wanted.size).toBeGreaterThan(12);
  const font = await fetch(`${base}/fonts/files/noto-sans-jp-119-wght-normal.woff2`);
  expect([font.status, font.headers.get('content-type')]).toEqual([200, 'font/woff2']);
  for (const path of [
    '/tsconfig.json',
    '/jitter-buffer.test.ts',
    '/../main.ts',
    '/page',
    '/sound',
    '/fonts/package.json',
  ]) {
    expect((await fetch(base + path)).status).toBe(404);
  }
});

test('a port in use is named with its setting', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  const settings = { ...DemoSettings.parse({}), port: 0, sipPort: 0 };
  await expect(startDemo({ ...settings, port }, systemClock, log)).rejects.toThrow(`port ${port} (setting port)`);
  await expect(startDemo({ ...settings, sipPort: demo.sipPort }, systemClock, log)).rejects.toThrow(
    `port ${demo.sipPort} (setting sipPort)`,
  );
  taken.close();
});

async function statusOf(request: string): Promise<number> {
  const socket = connect(demo.port, '127.0.0.1');
  socket.write(request);
  let answer = '';
  for await (const part of socket) answer += String(part);
  return Number(answer.split(' ')[1]);
}
