import { Popover } from 'radix-ui';
import type { ReactNode } from 'react';
import { currentCall, walledPayment } from '../state/calls.ts';
import { useCalls, useDesk, useSoftphone } from '../state/hooks.ts';
import styles from './actions.module.css';
import { AudioDevices } from './audio-devices.tsx';
import { canControl } from './call-control.ts';
import controls from './controls.module.css';
import { AudioIcon, HoldIcon, KeypadIcon, MicrophoneIcon, MicrophoneOffIcon, ResumeIcon } from './icons.tsx';
import { Keypad } from './keypad.tsx';
import { useTranslate } from './use-translate.ts';
import type { Panel } from './window.tsx';

export interface ActionsProps {
  readonly panel: Panel | null;
  readonly setPanel: (panel: Panel | null) => void;
}

/** Zone 3: what can be done in a call; the same four in the same place, whether they can be used or not. */
export function Actions({ panel, setPanel }: ActionsProps) {
  const softphone = useSoftphone();
  const t = useTranslate();
  const call = useCalls(currentCall);
  const walled = useCalls((state) => walledPayment(state) !== null);
  const muted = useDesk((state) => state.audio.muted);
  const holding = useDesk((state) => state.busy.hold === true);
  const can = canControl(call, walled);
  const held = call?.state === 'held';

  return (
    <section className={styles.row} aria-label={t('zone.actions')}>
      <button
        type="button"
        className={styles.action}
        data-testid="mute"
        aria-pressed={muted}
        disabled={!can.mute}
        onClick={() => softphone.toggleMute()}
      >
        {muted ? <MicrophoneOffIcon /> : <MicrophoneIcon />}
        {t(muted ? 'action.unmute' : 'action.mute')}
      </button>
      <button
        type="button"
        className={styles.action}
        data-testid="hold"
        aria-pressed={held}
        aria-busy={holding}
        disabled={!can.hold}
        onClick={() => void softphone.toggleHold()}
      >
        {held ? <ResumeIcon /> : <HoldIcon />}
        {t(held ? 'action.resume' : 'action.hold')}
      </button>
      <Panelled
        label={t('keypad.title')}
        open={panel === 'keypad'}
        onOpenChange={(open) => setPanel(open ? 'keypad' : null)}
        panel={<Keypad />}
      >
        <button type="button" className={styles.action} data-testid="keypad" disabled={!can.keypad}>
          <KeypadIcon />
          {t('action.keypad')}
        </button>
      </Panelled>
      <Panelled
        label={t('audio.title')}
        open={panel === 'audio'}
        onOpenChange={(open) => {
          setPanel(open ? 'audio' : null);
          if (open) void softphone.openDevices();
        }}
        panel={<AudioDevices />}
      >
        <button type="button" className={styles.action} data-testid="audio">
          <AudioIcon />
          {t('action.audio')}
        </button>
      </Panelled>
    </section>
  );
}

interface PanelledProps {
  readonly label: string;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly panel: ReactNode;
  readonly children: ReactNode;
}

function Panelled({ label, open, onOpenChange, panel, children }: PanelledProps) {
  return (
    <Popover.Root open={open} onOpenChange={onOpenChange}>
      <Popover.Trigger asChild>{children}</Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className={controls.popover} aria-label={label} sideOffset={6} collisionPadding={12}>
          {panel}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
