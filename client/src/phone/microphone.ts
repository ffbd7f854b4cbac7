import { err, ok, type Result } from '../api/result.ts';

/**
 * Why nobody hears the agent. `denied`: the browser or the person says no · `none`: there is none · `busy`: another
 * program holds it · `lost`: it was unplugged · `silenced`: switched off by the system or on the headset.
 */
export type MicrophoneProblem = 'denied' | 'none' | 'busy' | 'lost' | 'silenced';

/** Opens the chosen microphone, or the system's own choice if that one isn't there. */
export async function openMicrophone(
  devices: MediaDevices | undefined,
  deviceId: string | undefined,
): Promise<Result<MediaStreamTrack, MicrophoneProblem>> {
  // Browsers hide the microphone altogether from a page without a secure connection.
  if (devices === undefined) return err('denied');
  try {
    const stream = await devices.getUserMedia({
      audio: {
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
        ...(deviceId === undefined ? {} : { deviceId: { ideal: deviceId } }),
      },
    });
    const [track] = stream.getAudioTracks();
    return track === undefined ? err('none') : ok(track);
  } catch (error) {
    return err(problemOf(error));
  }
}

// Names: Media Capture and Streams, §10.2 getUserMedia.
function problemOf(error: unknown): MicrophoneProblem {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'none';
  if (name === 'NotReadableError' || name === 'AbortError') return 'busy';
  return 'denied';
}

/** A track that carries silence: keeps a call alive while there is no microphone. */
export function silentTrack(context: AudioContext): MediaStreamTrack {
  const [track] = context.createMediaStreamDestination().stream.getAudioTracks();
  if (track === undefined) throw new Error('an audio destination has an audio track');
  return track;
}

export interface AudioDevice {
  readonly id: string;
  readonly label: string;
}

export interface AudioDevices {
  readonly microphones: readonly AudioDevice[];
  readonly speakers: readonly AudioDevice[];
}

/** The devices there are. Their names are empty until the microphone was allowed once. */
export async function listAudioDevices(devices: MediaDevices | undefined): Promise<AudioDevices> {
  const all = (await devices?.enumerateDevices().catch(() => [])) ?? [];
  const of = (kind: MediaDeviceKind): AudioDevice[] =>
    all.filter((d) => d.kind === kind && d.deviceId !== '').map((d) => ({ id: d.deviceId, label: d.label }));
  return { microphones: of('audioinput'), speakers: of('audiooutput') };
}
