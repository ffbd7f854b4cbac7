// @ts-check

const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477];
const PLACES = '123456789*0#';
const KEY_LEVEL = 0.05;
const SIGNAL_LEVEL = 0.06;

/** A telephone's own sounds: keys under the finger, the bell, and what one hears while it rings over there. */
export class Tones {
  #context;
  /** @type {GainNode | undefined} */
  #key;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #repeating;
  #signal = '';

  /** @param {AudioContext} context */
  constructor(context) {
    this.#context = context;
  }

  /** The key's tone, until `keyUp`. Only here: what travels is an event. @param {string} key */
  keyDown(key) {
    this.keyUp();
    const place = PLACES.indexOf(key);
    this.#key = this.#sound([ROWS[Math.floor(place / 3)] ?? 0, COLUMNS[place % 3] ?? 0], KEY_LEVEL);
  }

  keyUp() {
    if (this.#key) this.#fade(this.#key, this.#context.currentTime + 0.04);
    this.#key = undefined;
  }

  /** Repeats the signal of a state until another is asked for. @param {'bell' | 'ringing-there' | ''} signal */
  signal(signal) {
    if (signal === this.#signal) return;
    this.#signal = signal;
    clearInterval(this.#repeating);
    if (signal === '') return;
    const once = signal === 'bell' ? () => this.#bell() : () => this.#burst([400, 416], 0, 1);
    once();
    this.#repeating = setInterval(once, 3000);
  }

  ended() {
    for (const at of [0, 0.3, 0.6]) this.#burst([400], at, 0.15);
  }

  /** A text message has come. */
  message() {
    this.#burst([1047], 0, 0.1);
    this.#burst([1319], 0.12, 0.16);
  }

  #bell() {
    for (const at of [0, 0.5]) {
      this.#burst([659, 784], at, 0.2);
      this.#burst([523, 659], at + 0.2, 0.2);
    }
  }

  /**
   * @param {number[]} hertz
   * @param {number} start seconds from now
   * @param {number} length seconds
   */
  #burst(hertz, start, length) {
    const at = this.#context.currentTime + start;
    this.#fade(this.#sound(hertz, SIGNAL_LEVEL, at), at + length);
  }

  /**
   * @param {number[]} hertz
   * @param {number} level 0–1
   */
  #sound(hertz, level, at = this.#context.currentTime) {
    const gain = new GainNode(this.#context, { gain: 0 });
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(level, at + 0.01);
    gain.connect(this.#context.destination);
    for (const frequency of hertz) {
      const oscillator = new OscillatorNode(this.#context, { frequency });
      oscillator.connect(gain);
      oscillator.start(at);
      gain.addEventListener('over', () => oscillator.stop(), { once: true });
    }
    return gain;
  }

  /**
   * @param {GainNode} gain
   * @param {number} at
   */
  #fade(gain, at) {
    gain.gain.setValueAtTime(gain.gain.value || SIGNAL_LEVEL, at);
    gain.gain.linearRampToValueAtTime(0, at + 0.03);
    const wait = (at + 0.1 - this.#context.currentTime) * 1000;
    setTimeout(() => gain.dispatchEvent(new Event('over')), wait);
  }
}
