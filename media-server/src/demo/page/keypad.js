// @ts-check

/** A synthetic click (screen reader, voice control) presses this long, ms. */
const CLICK_MS = 120;

/** @typedef {{ down: (key: string) => void, up: () => void }} KeypadEvents */

/** The twelve keys: pressed by finger, mouse, the keyboard on the desk, or by a list of keys. One is down at a time. */
export class Keypad {
  #events;
  /** @type {Map<string, HTMLElement>} */
  #buttons = new Map();
  #down = '';

  /**
   * @param {HTMLElement} root holds the buttons, each with its key in `data-key`
   * @param {KeypadEvents} events
   */
  constructor(root, events) {
    this.#events = events;
    for (const button of root.querySelectorAll('button')) this.#wire(button, button.dataset['key'] ?? '');
    document.addEventListener('keydown', (event) => this.#typed(event));
    document.addEventListener('keyup', (event) => event.key === this.#down && this.release());
    window.addEventListener('blur', () => this.release());
  }

  /** @param {string} key */
  press(key) {
    this.release();
    this.#down = key;
    this.#buttons.get(key)?.setAttribute('data-down', '');
    this.#events.down(key);
  }

  release() {
    if (this.#down === '') return;
    this.#buttons.get(this.#down)?.removeAttribute('data-down');
    this.#down = '';
    this.#events.up();
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {string} key
   */
  #wire(button, key) {
    this.#buttons.set(key, button);
    let byPointer = false;
    button.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      byPointer = true;
      button.setPointerCapture(event.pointerId);
      this.press(key);
    });
    const up = () => this.#down === key && this.release();
    button.addEventListener('pointerup', up);
    button.addEventListener('pointercancel', up);
    button.addEventListener('contextmenu', (event) => event.preventDefault());
    button.addEventListener('click', () => {
      const pressed = byPointer;
      byPointer = false;
      if (pressed) return;
      this.press(key);
      setTimeout(up, CLICK_MS);
    });
  }

  /** @param {KeyboardEvent} event */
  #typed(event) {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || !this.#buttons.has(event.key)) return;
    // Whoever types a number to dial types it there.
    if (event.target instanceof HTMLInputElement && !event.target.readOnly) return;
    event.preventDefault();
    this.press(event.key);
  }
}

/** Three keys a second, as someone reads them off a card, ms. */
const DOWN_MS = 140;
const UP_MS = 190;

/** Presses keys one after the other. */
export class KeyList {
  #keypad;
  #over;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {Keypad} keypad
   * @param {() => void} over called when the last key is up, or it was stopped
   */
  constructor(keypad, over) {
    this.#keypad = keypad;
    this.#over = over;
  }

  /** @param {string} keys */
  start(keys) {
    this.stop();
    const next = (/** @type {number} */ i) => {
      const key = keys[i];
      if (key === undefined) return this.stop();
      this.#keypad.press(key);
      this.#timer = setTimeout(() => {
        this.#keypad.release();
        this.#timer = setTimeout(next, UP_MS, i + 1);
      }, DOWN_MS);
    };
    this.#timer = setTimeout(next, 0, 0);
  }

  stop() {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#keypad.release();
    this.#over();
  }
}
