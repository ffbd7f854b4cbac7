// @ts-check

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8000;
/** WebSocket's "try again later": all phones are taken. */
const TAKEN = 1013;

/**
 * @typedef {{ type: 'dial', number: string } | { type: 'answer' } | { type: 'hang-up' } | { type: 'key-down', key: string }
 *   | { type: 'key-up' } | { type: 'sample', play: boolean, language: 'ja' | 'en' }} PageMessage
 * @typedef {{ type: 'hello', number: string, caller: string }} Hello
 * @typedef {{ type: 'state', call: 'idle' | 'calling' | 'ringing-there' | 'ringing' | 'talking', far?: string,
 *   held?: boolean, keys?: boolean, earlySound?: boolean, ended?: string }} CallMessage
 * @typedef {Hello | CallMessage | { type: 'sample', playing: boolean } | { type: 'text', text: string }} PhoneMessage
 * @typedef {{ message: (message: PhoneMessage) => void, heard: (samples: Int16Array) => void, lost: (taken: boolean) => void }} SocketEvents
 */

/** The way to the phone behind the page: words and sound over one WebSocket, opened again whenever it is lost. */
export class SoundSocket {
  #events;
  /** @type {WebSocket | undefined} */
  #socket;
  #retryMs = FIRST_RETRY_MS;

  /** @param {SocketEvents} events */
  constructor(events) {
    this.#events = events;
    this.#open();
  }

  /** @param {PageMessage} message */
  send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** @param {Int16Array} frame 160 samples */
  speak(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(/** @type {Int16Array<ArrayBuffer>} */ (frame));
  }

  #open() {
    const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/sound`);
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => {
      if (typeof data !== 'string') return this.#events.heard(new Int16Array(data));
      this.#retryMs = FIRST_RETRY_MS;
      return this.#events.message(JSON.parse(data));
    };
    socket.onclose = ({ code }) => {
      this.#events.lost(code === TAKEN);
      setTimeout(() => this.#open(), this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
    };
    this.#socket = socket;
  }
}
