import { useEffect } from 'react';
import { currentCall, walledPayment } from '../state/calls.ts';
import { useSoftphone } from '../state/hooks.ts';
import { canControl } from './call-control.ts';
import type { Panel } from './window.tsx';

/**
 * The window's single keys. None of them hangs up or starts money. They rest while the agent types, while a dialogue is
 * open, and with Ctrl, Alt or Meta held.
 */
export function useShortcuts(open: (panel: Panel) => void): void {
  const softphone = useSoftphone();
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
      if (event.target instanceof Element && event.target.closest(TYPING) !== null) return;
      if (document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]') !== null) return;
      if (event.key === ' ') {
        if (softphone.ringingCall() === null || isReject(event.target)) return;
        // The button that happens to have the focus must not be pressed along with it.
        event.preventDefault();
        addEventListener('keyup', (released) => released.preventDefault(), { once: true, capture: true });
        void softphone.answer();
        return;
      }
      const call = currentCall(softphone.calls.getState());
      const walled = walledPayment(softphone.calls.getState()) !== null;
      const control = canControl(call, walled);
      switch (letterOf(event)) {
        case 'm':
          if (control.mute) softphone.toggleMute();
          break;
        case 'h':
          if (control.hold) void softphone.toggleHold();
          break;
        case 'k':
          if (control.keypad) open('keypad');
          break;
        case 'p':
          // Not typed into the field that it leads to.
          event.preventDefault();
          document.querySelector<HTMLElement>('[data-zone="payment"] [data-first]')?.focus();
          break;
        case '?':
          open('shortcuts');
          break;
        default:
      }
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [softphone, open]);
}

const TYPING = 'input, textarea, select, [contenteditable]';

function isReject(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('[data-testid="reject"]') !== null;
}

// With a Japanese input method on, `key` is "Process"; the place of the key then says what was meant.
function letterOf(event: KeyboardEvent): string {
  return event.key.length === 1 ? event.key.toLowerCase() : event.code.replace(/^Key/, '').toLowerCase();
}
