/** Browser notifications, or nothing where there are none. */
export class Notifier {
  #shown: Notification | undefined;

  get permission(): NotificationPermission | 'unsupported' {
    return typeof Notification === 'undefined' ? 'unsupported' : Notification.permission;
  }

  /** Asks once; browsers remember the answer. To be called from a click. */
  async ask(): Promise<void> {
    if (this.permission === 'default') await Notification.requestPermission();
  }

  show(title: string, body: string): void {
    if (this.permission !== 'granted' || document.hasFocus()) return;
    this.clear();
    const notification = new Notification(title, { body, tag: 'tonegate-ringing', icon: '/icon.svg' });
    notification.onclick = () => {
      window.focus();
      notification.close();
    };
    this.#shown = notification;
  }

  clear(): void {
    this.#shown?.close();
    this.#shown = undefined;
  }
}
