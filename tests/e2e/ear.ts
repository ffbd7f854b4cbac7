// What an agent's page hears and receives, measured in the page itself: its own getStats, and the sound of the remote track.
import type { Page } from 'playwright-core';

/** Runs in the page before its own scripts: keeps hold of its peer connections and listens to what they bring. */
const HOOK = `(() => {
  const Original = window.RTCPeerConnection;
  const ear = (window.__ear = { peers: [], context: undefined, analyser: undefined, quiet: undefined });
  window.RTCPeerConnection = class extends Original {
    constructor(...args) {
      super(...args);
      ear.peers.push(this);
      this.addEventListener('track', ({ track }) => {
        ear.context ??= new AudioContext({ sampleRate: 48000 });
        ear.analyser = ear.context.createAnalyser();
        ear.analyser.fftSize = 8192;
        ear.analyser.smoothingTimeConstant = 0;
        ear.context.createMediaStreamSource(new MediaStream([track])).connect(ear.analyser);
      });
    }
  };
  ear.level = (hz) => {
    if (!ear.analyser) return -120;
    const samples = new Float32Array(ear.analyser.fftSize);
    ear.analyser.getFloatTimeDomainData(samples);
    const k = 2 * Math.cos((2 * Math.PI * hz) / 48000);
    let a = 0, b = 0, sum = 0;
    for (const sample of samples) { const x = sample + k * a - b; b = a; a = x; sum += sample * sample; }
    const amplitude = (Math.sqrt(Math.max(0, a * a + b * b - k * a * b)) * 2) / samples.length;
    return { tone: 20 * Math.log10(Math.max(amplitude, 1e-6)), all: 20 * Math.log10(Math.max(Math.sqrt(sum / samples.length), 1e-6)) };
  };
  ear.stats = async () => {
    const counts = { packets: 0, senderReports: 0, bytes: 0 };
    for (const peer of ear.peers) {
      if (peer.connectionState === 'closed') continue;
      for (const report of (await peer.getStats()).values()) {
        if (report.type === 'inbound-rtp') { counts.packets += report.packetsReceived; counts.bytes += report.bytesReceived; }
        if (report.type === 'remote-outbound-rtp') counts.senderReports += report.reportsSent ?? 0;
      }
    }
    return counts;
  };
  // The loudest that was heard since the last call: sampled every 100 ms.
  let loudest = -120;
  setInterval(() => { const level = ear.level(440); if (level.all > loudest) loudest = level.all; }, 100);
  ear.loudestSince = () => { const was = loudest; loudest = -120; return was; };
})();`;

interface EarWindow {
  __ear: {
    level(hz: number): { tone: number; all: number };
    stats(): Promise<{ packets: number; senderReports: number; bytes: number }>;
    loudestSince(): number;
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

  /** The loudest 170 ms since this was last asked, dBFS. */
  loudestSince(): Promise<number> {
    return this.#page.evaluate(() => (globalThis as unknown as EarWindow).__ear.loudestSince());
  }
}
