import { readFile } from 'node:fs/promises';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { FakeElectron, FakeEvent } from './fake-electron.testing.ts';
import { DIAL, DIAL_LISTEN, installMain } from './install-main.ts';

const SERVER = 'https://tonegate.example:8443/';
const page = { senderFrame: { url: SERVER } };

async function started(argv: string[] = [], single = true) {
  const electron = new FakeElectron(single);
  const retries: (() => void)[] = [];
  installMain(electron.asElectron, {
    server: new URL(SERVER),
    preload: '/app/preload.cjs',
    icon: '/app/icon.png',
    argv,
    words: { open: 'Open', quit: 'Quit' },
    later: (_ms, retry) => retries.push(retry),
  });
  await Promise.resolve();
  return { electron, retries };
}

test('the page has no way into Node: isolated, sandboxed, no integration, no webviews', async () => {
  const { electron } = await started();
  expect(electron.window.options.webPreferences).toMatchObject({
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    webviewTag: false,
    preload: '/app/preload.cjs',
  });
  const attached = new FakeEvent();
  electron.window.webContents.emit('will-attach-webview', attached);
  expect(attached.prevented).toBe(true);
  expect(electron.window.loaded).toEqual([SERVER]);
});

test('the window never leaves its server and opens no other', async () => {
  const { electron } = await started();
  const { webContents } = electron.window;
  expect(webContents.openHandler?.()).toEqual({ action: 'deny' });
  for (const event of ['will-navigate', 'will-redirect']) {
    for (const [url, prevented] of [
      ['https://tonegate.example:8443/other', false],
      ['https://tonegate.example/', true],
      ['http://tonegate.example:8443/', true],
      ['https://tonegate.example.evil:8443/', true],
      ['file:///etc/passwd', true],
      ['not an address', true],
    ] as const) {
      const navigation = new FakeEvent();
      webContents.emit(event, navigation, url);
      expect(navigation.prevented, `${event} ${url}`).toBe(prevented);
    }
  }
});

test('the server’s page may hear, notify, choose a speaker and copy; nobody else may anything, and no camera opens', async () => {
  const { electron } = await started();
  const ask = (permission: string, details: object): boolean => electron.request?.(permission, details) === true;
  const check = (permission: string, origin: string, details = {}): boolean =>
    electron.check?.(permission, origin, details) === true;
  expect(ask('media', { securityOrigin: SERVER, mediaTypes: ['audio'] })).toBe(true);
  expect(ask('media', { securityOrigin: SERVER, mediaTypes: ['audio', 'video'] })).toBe(false);
  expect(ask('media', { securityOrigin: 'https://evil.example/', mediaTypes: ['audio'] })).toBe(false);
  expect(ask('notifications', { requestingUrl: SERVER })).toBe(true);
  expect(ask('notifications', {})).toBe(false);
  expect(ask('geolocation', { requestingUrl: SERVER })).toBe(false);
  expect(check('media', SERVER, { mediaType: 'audio' })).toBe(true);
  expect(check('media', SERVER, { mediaType: 'video' })).toBe(false);
  expect(check('speaker-selection', SERVER)).toBe(true);
  expect(check('clipboard-sanitized-write', SERVER)).toBe(true);
  expect(check('notifications', 'https://evil.example')).toBe(false);
  for (const permission of ['display-capture', 'usb', 'hid', 'openExternal', 'clipboard-read']) {
    expect(check(permission, SERVER), permission).toBe(false);
  }
});

test('a second start shows the first window instead, and ends', async () => {
  const second = await started([], false);
  expect(second.electron.app.quits).toBe(1);
  expect(second.electron.windows).toEqual([]);
  const { electron } = await started();
  electron.window.hide();
  electron.app.emit('second-instance', {}, ['tonegate']);
  expect(electron.window.visible).toBe(true);
});

test('closing keeps it in the tray, where calls still ring; quitting ends it', async () => {
  const { electron } = await started();
  const closed = new FakeEvent();
  electron.window.emit('close', closed);
  expect([closed.prevented, electron.window.visible]).toEqual([true, false]);
  electron.menu[0]?.click();
  expect(electron.window.visible).toBe(true);
  electron.menu[1]?.click();
  expect(electron.app.quits).toBe(1);
  electron.app.emit('before-quit');
  const ended = new FakeEvent();
  electron.window.emit('close', ended);
  expect(ended.prevented).toBe(false);
});

test('a page that didn’t load is tried again; a frame of it is not', async () => {
  const { electron, retries } = await started();
  electron.window.webContents.emit('did-fail-load', {}, -102, 'refused', SERVER, false);
  expect(retries).toEqual([]);
  electron.window.webContents.emit('did-fail-load', {}, -102, 'refused', SERVER, true);
  retries[0]?.();
  expect(electron.window.loaded).toEqual([SERVER, SERVER]);
});

test('a tel: link waits for the page, then goes there, and only to the server’s page', async () => {
  const { electron } = await started(['tonegate', 'tel:+81-3-1234-5678']);
  const listen = electron.handlers.get(DIAL_LISTEN);
  expect(electron.app.schemes).toEqual(['tel']);
  expect(listen?.({ senderFrame: { url: 'https://evil.example/' } })).toBeNull();
  expect(listen?.({ senderFrame: null })).toBeNull();
  expect(listen?.(page)).toBe('+81-3-1234-5678');
  expect(listen?.(page)).toBeNull();
  electron.app.emit('second-instance', {}, ['tonegate', 'tel:0312345678']);
  electron.app.emit('second-instance', {}, ['tonegate', 'tel:javascript']);
  electron.app.emit('open-url', new FakeEvent(), 'tel:0120-123-456');
  expect(electron.window.webContents.sent).toEqual([
    [DIAL, '0312345678'],
    [DIAL, '0120-123-456'],
  ]);
});

test('the preload hands over numbers and nothing else', async () => {
  const text = await readFile(new URL('./preload.cjs', import.meta.url), 'utf8');
  const { electron } = await started(['tel:0312345678']);
  const exposed: Record<string, Record<string, (listener: (number: string) => void) => void>> = {};
  let onDial: ((event: unknown, number: string) => void) | undefined;
  runInNewContext(text, {
    require: (name: string) => {
      expect(name).toBe('electron');
      return {
        contextBridge: { exposeInMainWorld: (key: string, api: never) => Object.assign(exposed, { [key]: api }) },
        ipcRenderer: {
          on: (channel: string, listener: typeof onDial) => {
            expect(channel).toBe(DIAL);
            onDial = listener;
          },
          invoke: async (channel: string) => structuredClone(electron.handlers.get(channel)?.(page)),
        },
      };
    },
  });
  expect(Object.keys(exposed)).toEqual(['tonegateDesktop']);
  expect(Object.keys(exposed['tonegateDesktop'] ?? {})).toEqual(['onDial']);
  const numbers: string[] = [];
  exposed['tonegateDesktop']?.['onDial']?.((number) => numbers.push(number));
  await expect.poll(() => numbers).toEqual(['0312345678']);
  onDial?.({}, '0120123456');
  expect(numbers).toEqual(['0312345678', '0120123456']);
});
