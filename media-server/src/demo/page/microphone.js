// @ts-check

/** @typedef {'unsupported' | 'denied' | 'missing'} MicrophoneTrouble */

/** The browser's microphone, as 20-ms frames of 8 kHz. */
export class Microphone {
  #context;
  #emit;
  /** @type {MediaStream | undefined} */
  #stream;
  /** @type {AudioWorkletNode | undefined} */
  #node;
  /** @type {MediaStreamAudioSourceNode | undefined} */
  #source;

  /**
   * @param {AudioContext} context
   * @param {(frame: Int16Array) => void} emit
   */
  constructor(context, emit) {
    this.#context = context;
    this.#emit = emit;
  }

  /** @returns {Promise<MicrophoneTrouble | undefined>} what kept it from starting */
  async start() {
    // Browsers give no microphone to a plain-HTTP page of another machine.
    if (!navigator.mediaDevices || this.#context.audioWorklet === undefined) return 'unsupported';
    try {
      const audio = { channelCount: 1, echoCancellation: true, noiseSuppression: true };
      this.#stream = await navigator.mediaDevices.getUserMedia({ audio });
    } catch (cause) {
      return /** @type {DOMException} */ (cause).name === 'NotAllowedError' ? 'denied' : 'missing';
    }
    await this.#context.audioWorklet.addModule('microphone-worklet.js');
    this.#source = new MediaStreamAudioSourceNode(this.#context, { mediaStream: this.#stream });
    this.#node = new AudioWorkletNode(this.#context, 'microphone', { numberOfOutputs: 0 });
    this.#node.port.onmessage = ({ data }) => this.#emit(data);
    this.#source.connect(this.#node);
    return undefined;
  }

  stop() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#source?.disconnect();
    if (this.#node) this.#node.port.onmessage = null;
    this.#stream = this.#source = this.#node = undefined;
  }
}
