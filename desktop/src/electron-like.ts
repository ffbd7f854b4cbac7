/** The part of Electron that the shell uses. The real one fits it; a test hands in one of its own. */
export interface ElectronLike {
  readonly app: AppLike;
  readonly BrowserWindow: new (options: WindowOptions) => WindowLike;
  readonly ipcMain: {
    handle(channel: string, listener: (event: IpcEvent, ...args: unknown[]) => unknown): void;
  };
  readonly session: { readonly defaultSession: SessionLike };
  readonly Tray: new (icon: string) => TrayLike;
  readonly Menu: { buildFromTemplate(items: { label: string; click: () => void }[]): unknown };
}

export interface AppLike {
  requestSingleInstanceLock(): boolean;
  setAsDefaultProtocolClient(scheme: string): boolean;
  whenReady(): Promise<void>;
  quit(): void;
  on(event: 'second-instance', listener: (event: unknown, argv: string[]) => void): unknown;
  on(event: 'open-url', listener: (event: Preventable, url: string) => void): unknown;
  on(event: 'before-quit' | 'activate' | 'window-all-closed', listener: () => void): unknown;
}

export interface WindowOptions {
  readonly width: number;
  readonly height: number;
  readonly minWidth: number;
  readonly minHeight: number;
  readonly title: string;
  readonly icon: string;
  readonly autoHideMenuBar: boolean;
  readonly webPreferences: {
    readonly preload: string;
    readonly contextIsolation: true;
    readonly sandbox: true;
    readonly nodeIntegration: false;
    readonly webviewTag: false;
    readonly backgroundThrottling: false;
    readonly autoplayPolicy: 'no-user-gesture-required';
    readonly spellcheck: false;
  };
}

export interface WindowLike {
  readonly webContents: ContentsLike;
  loadURL(url: string): Promise<void>;
  show(): void;
  hide(): void;
  focus(): void;
  restore(): void;
  isMinimized(): boolean;
  on(event: 'close', listener: (event: Preventable) => void): unknown;
}

export interface ContentsLike {
  setWindowOpenHandler(handler: () => { action: 'deny' }): void;
  on(event: 'will-navigate' | 'will-redirect', listener: (event: Preventable, url: string) => void): unknown;
  on(event: 'will-attach-webview', listener: (event: Preventable) => void): unknown;
  on(
    event: 'did-fail-load',
    listener: (event: unknown, code: number, description: string, url: string, isMainFrame: boolean) => void,
  ): unknown;
  send(channel: string, ...args: unknown[]): void;
}

export interface SessionLike {
  setPermissionRequestHandler(
    handler: (
      contents: unknown,
      permission: string,
      callback: (granted: boolean) => void,
      details: PermissionDetails,
    ) => void,
  ): void;
  setPermissionCheckHandler(
    handler: (contents: unknown, permission: string, origin: string, details: PermissionDetails) => boolean,
  ): void;
}

export interface PermissionDetails {
  readonly requestingUrl?: string;
  readonly securityOrigin?: string;
  readonly mediaTypes?: readonly string[];
  readonly mediaType?: string;
}

export interface TrayLike {
  setToolTip(text: string): void;
  setContextMenu(menu: never): void;
  on(event: 'click', listener: () => void): unknown;
}

export interface IpcEvent {
  readonly senderFrame: { readonly url: string } | null;
}

export interface Preventable {
  preventDefault(): void;
}
