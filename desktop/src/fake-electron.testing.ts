import type {
  ContentsLike,
  ElectronLike,
  IpcEvent,
  PermissionDetails,
  Preventable,
  WindowLike,
  WindowOptions,
} from './electron-like.ts';

type Listener = (...args: never[]) => void;

class Emitter {
  readonly #listeners = new Map<string, Listener[]>();
  on(event: string, listener: Listener): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    return this;
  }
  emit(event: string, ...args: unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(...(args as never[]));
  }
}

/** An event that remembers whether it was prevented. */
export class FakeEvent implements Preventable {
  prevented = false;
  preventDefault(): void {
    this.prevented = true;
  }
}

class FakeContents extends Emitter {
  readonly sent: unknown[][] = [];
  openHandler: (() => { action: 'deny' }) | undefined;
  setWindowOpenHandler(handler: () => { action: 'deny' }): void {
    this.openHandler = handler;
  }
  send(...message: unknown[]): void {
    // What crosses a process boundary is copied.
    this.sent.push(structuredClone(message));
  }
}

class FakeWindow extends Emitter {
  readonly webContents = new FakeContents();
  readonly loaded: string[] = [];
  readonly options: WindowOptions;
  visible = true;
  minimized = false;
  constructor(options: WindowOptions) {
    super();
    this.options = options;
  }
  async loadURL(url: string): Promise<void> {
    this.loaded.push(url);
  }
  show(): void {
    this.visible = true;
  }
  hide(): void {
    this.visible = false;
  }
  focus(): void {
    this.visible = true;
  }
  restore(): void {
    this.minimized = false;
  }
  isMinimized(): boolean {
    return this.minimized;
  }
}

/** Electron as far as the shell knows it, with what the shell did to it. */
export class FakeElectron {
  readonly windows: FakeWindow[] = [];
  readonly handlers = new Map<string, (event: IpcEvent, ...args: unknown[]) => unknown>();
  readonly app: Emitter & { quits: number; schemes: string[] };
  menu: { label: string; click: () => void }[] = [];
  request: ((permission: string, details: PermissionDetails) => boolean) | undefined;
  check: ((permission: string, origin: string, details: PermissionDetails) => boolean) | undefined;
  readonly asElectron: ElectronLike;

  constructor(single = true) {
    const windows = this.windows;
    this.app = Object.assign(new Emitter(), { quits: 0, schemes: [] as string[] });
    const app = Object.assign(this.app, {
      requestSingleInstanceLock: () => single,
      setAsDefaultProtocolClient: (scheme: string) => app.schemes.push(scheme) > 0,
      whenReady: async () => undefined,
      quit: () => {
        app.quits += 1;
      },
    });
    const BrowserWindow = class extends FakeWindow {
      constructor(options: WindowOptions) {
        super(options);
        windows.push(this);
      }
    };
    this.asElectron = {
      app,
      BrowserWindow: BrowserWindow as unknown as new (
        options: WindowOptions,
      ) => WindowLike & { webContents: ContentsLike },
      ipcMain: { handle: (channel, listener) => void this.handlers.set(channel, listener) },
      session: {
        defaultSession: {
          setPermissionRequestHandler: (handler) => {
            this.request = (permission, details) => {
              let granted = false;
              handler(null, permission, (answer) => (granted = answer), details);
              return granted;
            };
          },
          setPermissionCheckHandler: (handler) => {
            this.check = (permission, origin, details) => handler(null, permission, origin, details);
          },
        },
      },
      Tray: class extends Emitter {
        setToolTip(): void {}
        setContextMenu(): void {}
      },
      Menu: {
        buildFromTemplate: (items) => {
          this.menu = items;
          return items;
        },
      },
    };
  }

  /** The window that the shell has opened. */
  get window(): FakeWindow {
    const [window] = this.windows;
    if (window === undefined) throw new Error('no window was opened');
    return window;
  }
}
