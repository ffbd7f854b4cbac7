import '@fontsource-variable/noto-sans-jp/wght.css';
import './ui/tokens.css';
import './ui/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createApi } from './api/api.ts';
import { Events } from './api/events.ts';
import { createHttp } from './api/http.ts';
import { formatNumber } from './i18n/format.ts';
import { translator } from './i18n/translate.ts';
import { letterId } from './api/letters.ts';
import { CallAudio } from './phone/call-audio.ts';
import { instanceId } from './phone/instance-id.ts';
import { Notifier } from './phone/notifier.ts';
import { Phone } from './phone/phone.ts';
import { SoftphoneContext } from './state/hooks.ts';
import { createSettingsStore } from './state/settings.ts';
import { Softphone } from './state/softphone.ts';
import { App } from './ui/app.tsx';

const windowId = letterId();
const sockets = `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}`;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const api = createApi(
  createHttp({
    origin: location.origin,
    fetch: (...request) => fetch(...request),
    pause,
    newKey: letterId,
  }),
  windowId,
);

async function digest(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

let audio: CallAudio | undefined;
const softphone = new Softphone({
  api,
  openEvents: (options) =>
    new Events({ ...options, connect: () => new WebSocket(`${sockets}/v1/events?window=${windowId}`) }),
  createAudio: (changed) => {
    audio = new CallAudio(document.body, changed);
    return audio;
  },
  createPhone: (hooks) => {
    if (audio === undefined) throw new Error('the phone needs the audio made before it');
    return new Phone({ ...hooks, audio, server: sockets, instanceId: instanceId(sessionStorage) });
  },
  notifier: new Notifier(),
  mediaDevices: navigator.mediaDevices,
  settings: createSettingsStore(localStorage, navigator.languages),
  pause,
  newKey: letterId,
  digest,
  ringingWords: (call, language) => {
    const t = translator(language);
    const number = call.number === null ? t('call.withheld') : formatNumber(call.number);
    return { title: t('notification.title'), body: `${number} · ${call.merchant.name}` };
  },
});

// In the desktop app a tel: link fills the dial field; calling stays a person's decision.
const { tonegateDesktop } = globalThis as { tonegateDesktop?: { onDial(listener: (number: string) => void): void } };
tonegateDesktop?.onDial((number) => softphone.setDialText(number));
addEventListener('online', () => softphone.networkIsBack());
void softphone.begin();

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <SoftphoneContext value={softphone}>
      <App />
    </SoftphoneContext>
  </StrictMode>,
);
