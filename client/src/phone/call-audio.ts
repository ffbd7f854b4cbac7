import { err, ok, type Result } from '../api/result.ts';
import { type MicrophoneProblem, openMicrophone, silentTrack } from './microphone.ts';
import { Sounds } from './sounds.ts';
import { Speaker } from './speaker.ts';

/** Devices by id; undefined is the system's own choice. */
export interface DeviceChoice {
  readonly microphone: string | undefined;
  readonly speaker: string | undefined;
  readonly ringer: string | undefined;
}

export interface AudioState {
  /** Read from the track itself: what is shown is what is sent. */
  readonly muted: boolean;
  readonly microphone: MicrophoneProblem | null;
  /** The browser refuses to play sound until the agent clicks. */
  readonly soundBlocked: boolean;
}

/** The agent's ears and mouth: one microphone track, one speaker, the softphone's own sounds. */
export class CallAudio {
  readonly #sounds: Sounds;
  readonly #context: AudioContext;
  readonly #speaker: Speaker;
  readonly #changed: (state: AudioState) => void;
  #choice: DeviceChoice = { microphone: undefined, speaker: undefined, ringer: undefined };
  #track: MediaStreamTrack | undefined;
  #sender: RTCRtpSender | undefined;
  #ringing = false;
  #speakerBlocked = false;
  #state: AudioState = { muted: false, microphone: null, soundBlocked: false };

  constructor(parent: HTMLElement, changed: (state: AudioState) => void) {
    this.#changed = changed;
    this.#context = new AudioContext();
    this.#sounds = new Sounds(this.#context);
    this.#speaker = new Speaker(parent, (blocked) => {
      this.#speakerBlocked = blocked;
      this.#judgeBlocked();
    });
    this.#context.addEventListener('statechange', () => this.#judgeBlocked());
    // A click or key anywhere is what browsers wait for.
    for (const gesture of ['pointerdown', 'keydown']) {
      document.addEventListener(gesture, () => void this.resume(), { capture: true });
    }
    navigator.mediaDevices?.addEventListener('devicechange', () => void this.#devicesChanged());
  }

  async choose(choice: DeviceChoice): Promise<void> {
    const other = choice.microphone !== this.#choice.microphone;
    this.#choice = choice;
    await Promise.all([this.#speaker.useDevice(choice.speaker), this.#sounds.useDevice(choice.ringer)]);
    if (other && this.#track !== undefined) await this.#replaceTrack();
  }

  /** Opens and closes the microphone, so that it is asked for and proven before a customer waits. */
  async test(): Promise<MicrophoneProblem | null> {
    if (this.#track !== undefined && this.#state.microphone === null) return null;
    const track = await openMicrophone(navigator.mediaDevices, this.#choice.microphone);
    if (track.ok) track.value.stop();
    this.#set({ microphone: track.ok ? null : track.error });
    return track.ok ? null : track.error;
  }

  /** The track for a call that begins, unmuted. Refused with what is wrong with the microphone. */
  async open(): Promise<Result<MediaStreamTrack, MicrophoneProblem>> {
    const track = await openMicrophone(navigator.mediaDevices, this.#choice.microphone);
    if (!track.ok) {
      this.#set({ microphone: track.error });
      return err(track.error);
    }
    this.#take(track.value);
    return ok(track.value);
  }

  /** As `open`, but silence where there is no microphone: a call that comes back must not be lost for want of one. */
  async openOrSilence(): Promise<MediaStreamTrack> {
    const track = await this.open();
    if (track.ok) return track.value;
    const silence = silentTrack(this.#context);
    this.#track = silence;
    return silence;
  }

  /** The call is connected: its sound is played, its sender gets a new track when devices change. */
  connected(sender: RTCRtpSender | undefined, stream: MediaStream): void {
    this.#sender = sender;
    this.#speaker.play(stream);
  }

  setMuted(muted: boolean): void {
    if (this.#track === undefined) return;
    this.#track.enabled = !muted;
    this.#set({ muted: !this.#track.enabled });
  }

  close(): void {
    this.#track?.stop();
    this.#track = undefined;
    this.#sender = undefined;
    this.#speaker.stop();
    this.#set({ muted: false, ...(this.#state.microphone === 'silenced' ? { microphone: null } : {}) });
  }

  async resume(): Promise<void> {
    // Not awaited: without a gesture that the browser accepts it stays pending for ever.
    if (this.#context.state === 'suspended') void this.#context.resume().catch(() => undefined);
    await this.#speaker.resume();
  }

  ring(on: boolean): void {
    this.#ringing = on;
    if (on) this.#sounds.startRinging();
    else this.#sounds.stopRinging();
    this.#judgeBlocked();
  }

  play(sound: 'call-ended' | 'customer-is-back'): void {
    if (sound === 'call-ended') this.#sounds.callEnded();
    else this.#sounds.customerIsBack();
  }

  // A page that nobody has touched since it was loaded gets neither the customer's voice nor a ring out.
  #judgeBlocked(): void {
    const soundBlocked = this.#speakerBlocked || (this.#ringing && this.#context.state !== 'running');
    if (soundBlocked !== this.#state.soundBlocked) this.#set({ soundBlocked });
  }

  #take(track: MediaStreamTrack): void {
    if (this.#track !== undefined && this.#track !== track) this.#track.stop();
    this.#track = track;
    // These come only from outside: our own mute sets `enabled`, our own stop fires no `ended`.
    track.addEventListener('mute', () => track === this.#track && this.#set({ microphone: 'silenced' }));
    track.addEventListener('unmute', () => track === this.#track && this.#set({ microphone: null }));
    track.addEventListener('ended', () => track === this.#track && this.#set({ microphone: 'lost' }));
    this.#set({ muted: !track.enabled, microphone: null });
  }

  async #replaceTrack(): Promise<void> {
    const enabled = this.#track?.enabled ?? true;
    const track = await openMicrophone(navigator.mediaDevices, this.#choice.microphone);
    if (!track.ok) return this.#set({ microphone: track.error });
    track.value.enabled = enabled;
    await this.#sender?.replaceTrack(track.value);
    this.#take(track.value);
  }

  async #devicesChanged(): Promise<void> {
    await this.choose(this.#choice);
    const { microphone } = this.#state;
    if (microphone === null || microphone === 'denied') return;
    if (this.#track !== undefined) await this.#replaceTrack();
    else await this.test();
  }

  #set(change: Partial<AudioState>): void {
    this.#state = { ...this.#state, ...change };
    this.#changed(this.#state);
  }
}
