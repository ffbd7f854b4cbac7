import { Component, type ReactNode } from 'react';
import controls from './controls.module.css';
import styles from './sign-in.module.css';
import { useTranslate } from './use-translate.ts';

/** A screen that broke says so, and what to do, instead of being empty: the call goes on behind it. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, { readonly broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override render(): ReactNode {
    return this.state.broken ? <Broken /> : this.props.children;
  }
}

function Broken() {
  const t = useTranslate();
  return (
    <main className={styles.page}>
      <div className={styles.card} role="alert">
        <h1 className={styles.brand}>{t('broken.what')}</h1>
        <p className={styles.text}>{t('broken.effect')}</p>
        <p className={styles.text}>{t('broken.do')}</p>
        <button type="button" className={controls.button} onClick={() => location.reload()}>
          {t('broken.reload')}
        </button>
      </div>
    </main>
  );
}
