import type { MessageKey } from '../i18n/translate.ts';
import type { AudioDevice } from '../phone/microphone.ts';
import { useDesk, useSettings, useSoftphone } from '../state/hooks.ts';
import styles from './audio-devices.module.css';
import controls from './controls.module.css';
import { useTranslate } from './use-translate.ts';

/** Which microphone, which speaker for the customer's voice, which for the ring. */
export function AudioDevices() {
  const softphone = useSoftphone();
  const t = useTranslate();
  const devices = useDesk((state) => state.devices);
  const settings = useSettings((state) => state);
  const named = devices.microphones.some((device) => device.label !== '');
  const canChoose = 'setSinkId' in HTMLMediaElement.prototype;
  return (
    <div className={styles.list}>
      <h2>{t('audio.title')}</h2>
      <Device
        name="audio.microphone"
        devices={devices.microphones}
        chosen={settings.microphone}
        choose={(microphone) => softphone.change({ microphone })}
      />
      {canChoose ? (
        <>
          <Device
            name="audio.speaker"
            devices={devices.speakers}
            chosen={settings.speaker}
            choose={(speaker) => softphone.change({ speaker })}
          />
          <Device
            name="audio.ringer"
            devices={devices.speakers}
            chosen={settings.ringer}
            choose={(ringer) => softphone.change({ ringer })}
          />
        </>
      ) : (
        <p className={controls.quiet}>{t('audio.fixed')}</p>
      )}
      {!named && <p className={controls.quiet}>{t('audio.hint')}</p>}
    </div>
  );
}

interface DeviceProps {
  readonly name: MessageKey & `audio.${'microphone' | 'speaker' | 'ringer'}`;
  readonly devices: readonly AudioDevice[];
  readonly chosen: string | null;
  readonly choose: (id: string | null) => void;
}

function Device({ name, devices, chosen, choose }: DeviceProps) {
  const t = useTranslate();
  // The browser's own entry for its default has this id; it is the same as no choice.
  const listed = devices.filter((device) => device.id !== 'default');
  const there = listed.some((device) => device.id === chosen);
  return (
    <label className={controls.field}>
      <span className={controls.label}>{t(name)}</span>
      <select
        className={controls.input}
        value={there && chosen !== null ? chosen : ''}
        onChange={(event) => choose(event.target.value === '' ? null : event.target.value)}
      >
        <option value="">{t('audio.system')}</option>
        {listed.map((device, index) => (
          <option key={device.id} value={device.id}>
            {device.label === '' ? t('audio.unnamed', { number: index + 1 }) : device.label}
          </option>
        ))}
      </select>
    </label>
  );
}
