/** Plays the customer's sound on the chosen device and says when the browser refuses to. */
export class Speaker {
  readonly #element: HTMLAudioElement;
  readonly #blocked: (blocked: boolean) => void;

  constructor(parent: HTMLElement, blocked: (blocked: boolean) => void) {
    this.#blocked = blocked;
    this.#element = document.createElement('audio');
    this.#element.autoplay = true;
    parent.append(this.#element);
  }

  async useDevice(deviceId: string | undefined): Promise<void> {
    const element = this.#element as HTMLAudioElement & { setSinkId?: (id: string) => Promise<void> };
    await element.setSinkId?.(deviceId ?? '').catch(() => undefined);
  }

  play(stream: MediaStream): void {
    this.#element.srcObject = stream;
    void this.resume();
  }

  /** Tries again, from a click of the agent's: browsers refuse sound to a page that nobody has touched yet. */
  async resume(): Promise<void> {
    if (this.#element.srcObject === null) return;
    try {
      await this.#element.play();
      this.#blocked(false);
    } catch (error) {
      // AbortError: replaced by a newer stream meanwhile, which reports for itself.
      if (error instanceof Error && error.name === 'NotAllowedError') this.#blocked(true);
    }
  }

  stop(): void {
    this.#element.srcObject = null;
    this.#blocked(false);
  }
}
