// What an agent's page hears and receives, measured in the page itself: its own getStats, and the sound of the remote track.
import type { Page } from 'playwright-core';

/** Runs in the page before its own scripts: keeps hold of its peer connections and listens to what they bring. */
const HOOK = `(() => {
  const Original = window.RTCPeerConnection;
  const ear = (window.__ear = { peers: [], context: undefined, analyser: undefined, bus: undefined });
  window.RTCPeerConnection = class extends Original {
    constructor(...args) {
      super(...args);
      ear.peers.push(this);
      this.addEventListener('track', ({ track }) => {
        ear.context ??= new AudioContext({ sampleRate: 48000 });
        ear.analyser = ear.context.createAnalyser();
        ear.analyser.fftSize = 8192;
        ear.analyser.smoothingTimeConstant = 0;
        ear.bus ??= ear.context.createGain();
        const source = ear.context.createMediaStreamSource(new MediaStream([track]));
        source.connect(ear.analyser);
        source.connect(ear.bus);
      });
    }
  };
  ear.level = (hz) => {
    if (!ear.analyser) return { tone: -120, all: -120 };
    const samples = new Float32Array(ear.analyser.fftSize);
    ear.analyser.getFloatTimeDomainData(samples);
    const k = 2 * Math.cos((2 * Math.PI * hz) / 48000);
    let a = 0, b = 0, sum = 0;
    for (const sample of samples) { const x = sample + k * a - b; b = a; a = x; sum += sample * sample; }
    const amplitude = (Math.sqrt(Math.max(0, a * a + b * b - k * a * b)) * 2) / samples.length;
    return { tone: 20 * Math.log10(Math.max(amplitude, 1e-6)), all: 20 * Math.log10(Math.max(Math.sqrt(sum / samples.length), 1e-6)) };
  };
  // Everything heard from now on, in pieces of a third of a second, so that a busy page loses none.
  ear.record = () => {
    const pieces = [];
    const recorder = ear.context.createScriptProcessor(16384, 1, 1);
    recorder.onaudioprocess = ({ inputBuffer }) => {
      pieces.push(Int16Array.from(inputBuffer.getChannelData(0), (sample) => Math.max(-1, Math.min(1, sample)) * 32767));
    };
    ear.bus.connect(recorder);
    recorder.connect(ear.context.destination);
    ear.recorded = async () => {
      // What was said until now is on its way: in the jitter buffer, and in the piece that fills.
      const enough = pieces.length + 3;
      while (pieces.length < enough) await new Promise((resolve) => setTimeout(resolve, 50));
      ear.bus.disconnect(recorder);
      recorder.disconnect();
      const url = await new Promise((resolve) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result);
        reader.readAsDataURL(new Blob(pieces));
      });
      return url.slice(url.indexOf(',') + 1);
    };
  };
  // A stream that is replaced by another takes its own figures with it: what was counted of it stays counted.
  const known = new Map();
  const sum = { packets: 0, senderReports: 0, bytes: 0 };
  const count = (stream, what, now) => {
    const before = known.get(stream + what) ?? 0;
    if (now <= before) return;
    sum[what] += now - before;
    known.set(stream + what, now);
  };
  ear.stats = async () => {
    for (const [i, peer] of ear.peers.entries()) {
      if (peer.connectionState === 'closed') continue;
      for (const report of (await peer.getStats()).values()) {
        const stream = i + ' ' + report.ssrc + ' ';
        if (report.type === 'inbound-rtp') {
          count(stream, 'packets', report.packetsReceived);
          count(stream, 'bytes', report.bytesReceived);
        }
        if (report.type === 'remote-outbound-rtp') count(stream, 'senderReports', report.reportsSent ?? 0);
      }
    }
    return { ...sum };
  };
  // Every 50 ms: when it was asked and answered (UTC ms), what was counted so far, and how loud it is.
  ear.history = [];
  const look = async () => {
    const asked = Date.now();
    const counts = await ear.stats();
    const level = ear.level(440);
    ear.history.push({ asked, at: Date.now(), ...counts, loud: level.all, tone: level.tone });
    if (ear.history.length > 6000) ear.history.shift();
    setTimeout(look, 50);
  };
  void look();
})();`;

/** One look at what the page received and hears. */
export interface Look {
  /** When it was asked and answered, UTC ms. */
  readonly asked: number;
  readonly at: number;
  /** Of the customer's stream, since the page was opened: packets, RTCP sender reports. */
  readonly packets: number;
  readonly senderReports: number;
  /** Level of everything, and of 440 Hz, over the last 170 ms, dBFS. */
  readonly loud: number;
  readonly tone: number;
}

interface EarWindow {
  __ear: {
    level(hz: number): { tone: number; all: number };
    stats(): Promise<{ packets: number; senderReports: number; bytes: number }>;
    history: Look[];
    record(): void;
    recorded(): Promise<string>;
  };
}

export class Ear {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  /** To be called before the page is opened. */
  static async of(page: Page): Promise<Ear> {
    await page.addInitScript(HOOK);
    return new Ear(page);
  }

  /** Resolves when the page hears `hz` above −40 dBFS. */
  async hears(hz: number, ms = 8000): Promise<void> {
    await this.#page.waitForFunction((tone) => (globalThis as unknown as EarWindow).__ear.level(tone).tone > -40, hz, {
      timeout: ms,
      polling: 50,
    });
  }

  /** Level of `hz` and of everything now, dBFS over the last 170 ms. */
  level(hz: number): Promise<{ tone: number; all: number }> {
    return this.#page.evaluate((tone) => (globalThis as unknown as EarWindow).__ear.level(tone), hz);
  }

  /** What the browser's own statistics count of the customer's stream. */
  stats(): Promise<{ packets: number; senderReports: number; bytes: number }> {
    return this.#page.evaluate(() => (globalThis as unknown as EarWindow).__ear.stats());
  }

  /** Records what the page hears until what it returns is called: samples at 48 kHz. Something was heard before. */
  async record(): Promise<() => Promise<Int16Array>> {
    await this.#page.evaluate(() => (globalThis as unknown as EarWindow).__ear.record());
    return async () => {
      const text = await this.#page.evaluate(() => (globalThis as unknown as EarWindow).__ear.recorded());
      const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
      return new Int16Array(bytes.buffer);
    };
  }

  /** Every 50 ms of the page's life, the last 5 minutes. */
  history(): Promise<Look[]> {
    return this.#page.evaluate(() => (globalThis as unknown as EarWindow).__ear.history);
  }
}
