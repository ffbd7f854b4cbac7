/** The softphone's own sounds, made on the spot: a soft ring, the end of a call, the customer's return. */
export class Sounds {
  readonly #context: AudioContext;
  #ringing: ReturnType<typeof setInterval> | undefined;

  constructor(context: AudioContext) {
    this.#context = context;
  }

  /** Chooses where they sound; browsers that can't choose play them on the system's default. */
  async useDevice(deviceId: string | undefined): Promise<void> {
    const context = this.#context as AudioContext & { setSinkId?: (id: string) => Promise<void> };
    // A device that was unplugged meanwhile: the default is better than silence.
    await context.setSinkId?.(deviceId ?? '').catch(() => undefined);
  }

  startRinging(): void {
    if (this.#ringing !== undefined) return;
    const ring = (): void => {
      this.#tone(587, 0, 0.35, 0.12);
      this.#tone(440, 0.18, 0.5, 0.12);
    };
    ring();
    this.#ringing = setInterval(ring, 2_400);
  }

  stopRinging(): void {
    clearInterval(this.#ringing);
    this.#ringing = undefined;
  }

  callEnded(): void {
    this.#tone(392, 0, 0.16, 0.1);
    this.#tone(294, 0.18, 0.28, 0.1);
  }

  customerIsBack(): void {
    this.#tone(880, 0, 0.3, 0.1);
  }

  // A sine with soft edges: `start` and `length` in seconds, `level` 0–1.
  #tone(hertz: number, start: number, length: number, level: number): void {
    if (this.#context.state !== 'running') return;
    const at = this.#context.currentTime + start;
    const gain = this.#context.createGain();
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(level, at + 0.03);
    gain.gain.exponentialRampToValueAtTime(0.0005, at + length);
    const oscillator = this.#context.createOscillator();
    oscillator.frequency.value = hertz;
    oscillator.connect(gain).connect(this.#context.destination);
    oscillator.start(at);
    oscillator.stop(at + length);
  }
}
