import type { ElectronLike, WindowLike } from './electron-like.ts';
import { mayHave, sameOrigin } from './permissions.ts';
import { numberInArguments, numberOfTelLink } from './tel-link.ts';

/** The page asks for a number that waits; from then on it is sent each new one. */
export const DIAL_LISTEN = 'tonegate:dial-listen';
export const DIAL = 'tonegate:dial';

export interface ShellOptions {
  /** The server whose softphone is shown; https, or http on this machine. */
  readonly server: URL;
  /** Absolute paths. */
  readonly preload: string;
  readonly icon: string;
  readonly argv: readonly string[];
  readonly words: { readonly open: string; readonly quit: string };
  /** Runs `retry` after some seconds. */
  readonly later: (ms: number, retry: () => void) => void;
}

/** Pause before a page that didn't load is tried again, ms. */
const RELOAD_MS = 5_000;

/**
 * Makes the shell around the softphone: one window that never leaves its server, kept in the tray so that calls ring
 * when it is closed.
 */
export function installMain(electron: ElectronLike, options: ShellOptions): void {
  const { app } = electron;
  const { server } = options;
  let window: WindowLike | undefined;
  let quitting = false;
  let listening = false;
  let waiting = numberInArguments(options.argv);

  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }
  app.setAsDefaultProtocolClient('tel');

  const show = (): void => {
    if (window?.isMinimized() === true) window.restore();
    window?.show();
    window?.focus();
  };
  const dial = (number: string | undefined): void => {
    if (number === undefined) return;
    if (listening) window?.webContents.send(DIAL, number);
    else waiting = number;
  };

  app.on('second-instance', (_event, argv) => {
    dial(numberInArguments(argv));
    show();
  });
  app.on('open-url', (event, url) => {
    event.preventDefault();
    dial(numberOfTelLink(url));
    show();
  });
  app.on('before-quit', () => {
    quitting = true;
  });
  app.on('activate', show);
  // It lives on in the tray.
  app.on('window-all-closed', () => undefined);

  electron.ipcMain.handle(DIAL_LISTEN, (event) => {
    if (!sameOrigin(server, event.senderFrame?.url ?? '')) return null;
    listening = true;
    const number = waiting ?? null;
    waiting = undefined;
    return number;
  });

  void app.whenReady().then(() => {
    guardPermissions(electron, server);
    window = createWindow(electron, options, () => {
      listening = false;
    });
    window.on('close', (event) => {
      if (quitting) return;
      event.preventDefault();
      window?.hide();
    });
    createTray(electron, options, show);
  });
}

function createWindow(electron: ElectronLike, options: ShellOptions, reloading: () => void): WindowLike {
  const { server } = options;
  const window = new electron.BrowserWindow({
    width: 400,
    height: 760,
    minWidth: 336,
    minHeight: 640,
    title: 'Tonegate',
    icon: options.icon,
    autoHideMenuBar: true,
    webPreferences: {
      preload: options.preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webviewTag: false,
      // A hidden window must ring and keep its connections as quickly as a visible one.
      backgroundThrottling: false,
      autoplayPolicy: 'no-user-gesture-required',
      spellcheck: false,
    },
  });
  const { webContents } = window;
  webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
  const stay = (event: { preventDefault(): void }, url: string): void => {
    if (sameOrigin(server, url)) reloading();
    else event.preventDefault();
  };
  webContents.on('will-navigate', stay);
  webContents.on('will-redirect', stay);
  webContents.on('will-attach-webview', (event) => event.preventDefault());
  const load = (): void => {
    reloading();
    // A failure comes as `did-fail-load` too, where it is acted on.
    window.loadURL(server.href).catch(() => undefined);
  };
  webContents.on('did-fail-load', (_event, _code, _description, _url, isMainFrame) => {
    if (isMainFrame) options.later(RELOAD_MS, load);
  });
  load();
  return window;
}

function guardPermissions(electron: ElectronLike, server: URL): void {
  const { defaultSession } = electron.session;
  defaultSession.setPermissionRequestHandler((_contents, permission, callback, details) => {
    callback(mayHave(server, permission, details.securityOrigin ?? details.requestingUrl ?? '', details));
  });
  defaultSession.setPermissionCheckHandler((_contents, permission, origin, details) =>
    mayHave(server, permission, origin, details),
  );
}

function createTray(electron: ElectronLike, options: ShellOptions, show: () => void): void {
  const tray = new electron.Tray(options.icon);
  tray.setToolTip('Tonegate');
  tray.setContextMenu(
    electron.Menu.buildFromTemplate([
      { label: options.words.open, click: show },
      { label: options.words.quit, click: () => electron.app.quit() },
    ]) as never,
  );
  tray.on('click', show);
}
