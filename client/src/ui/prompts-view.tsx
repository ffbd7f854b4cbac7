import type { Me, MerchantPrompt } from '@tonegate/api-schema';
import { useEffect, useRef, useState } from 'react';
import { formatCount, formatDay, formatSeconds, languageName } from '../i18n/format.ts';
import { usePrompts, useSoftphone } from '../state/hooks.ts';
import { byPart } from '../state/prompt-groups.ts';
import { foundPrompts } from '../state/prompts-desk.ts';
import controls from './controls.module.css';
import { ProblemNote } from './problem-note.tsx';
import styles from './reports.module.css';
import { useLanguage, useTranslate } from './use-translate.ts';

/** What a merchant's customers hear, sentence by sentence; each can be heard and replaced. */
export function PromptsView({ me }: { me: Me }) {
  const { prompts: desk } = useSoftphone().oversight;
  const t = useTranslate();
  const windowLanguage = useLanguage();
  const state = usePrompts();
  const { play, playing } = usePlayer();
  const first = me.merchants[0];
  const { merchant, language } = state;
  useEffect(() => {
    if (merchant === null && first !== undefined) void desk.choose(first.id, first.language);
  }, [desk, merchant, first]);
  if (merchant === null || language === null) return null;
  const found = foundPrompts(state);

  return (
    <div className={styles.report} aria-busy={state.loading}>
      <p className={controls.quiet}>{t('prompts.text')}</p>
      <div className={styles.filters}>
        <label className={controls.field}>
          <span className={controls.label}>{t('reports.merchant')}</span>
          <select
            className={controls.input}
            value={merchant}
            onChange={(event) => void desk.choose(event.target.value, language)}
          >
            {me.merchants.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
        <label className={controls.field}>
          <span className={controls.label}>{t('reports.language')}</span>
          <select
            className={controls.input}
            data-testid="prompts-language"
            value={language}
            onChange={(event) => void desk.choose(merchant, event.target.value)}
          >
            {me.languages.map((tag) => (
              <option key={tag} value={tag}>
                {languageName(tag, windowLanguage)}
              </option>
            ))}
          </select>
        </label>
        <label className={controls.field}>
          <span className={controls.label}>{t('prompts.find')}</span>
          <input
            className={controls.input}
            data-testid="prompts-find"
            type="search"
            maxLength={64}
            value={state.find}
            onChange={(event) => desk.narrow({ find: event.target.value })}
          />
        </label>
        <label className={styles.check}>
          <input
            type="checkbox"
            checked={state.ownOnly}
            onChange={(event) => desk.narrow({ ownOnly: event.target.checked })}
          />
          {t('prompts.own-only')}
        </label>
      </div>
      {state.problem !== null && <ProblemNote code={state.problem} onClose={() => desk.dismissProblem()} />}
      {state.loading && <p className={controls.quiet}>{t('reports.loading')}</p>}
      {!state.loading && found.length === 0 && <p className={controls.quiet}>{t('prompts.none')}</p>}
      {byPart(found).map(({ part, prompts }) => (
        <details
          key={part}
          className={styles.part}
          data-testid={`part-${part}`}
          // What is looked for is seen at once; fragments are many and seldom replaced.
          open={state.find !== '' || state.ownOnly || part !== 'numbers'}
        >
          <summary>
            {t(`prompts.part.${part}`)}{' '}
            <span className={controls.quiet}>{formatCount(prompts.length, windowLanguage)}</span>
          </summary>
          {part === 'numbers' && <p className={controls.quiet}>{t('prompts.numbers.text')}</p>}
          <ul className={styles.prompts}>
            {prompts.map((prompt) => (
              <Prompt
                key={prompt.name}
                prompt={prompt}
                changing={state.changing === prompt.name}
                playing={playing === prompt.name}
                play={() => play(prompt.name, desk.soundOf(prompt))}
              />
            ))}
          </ul>
        </details>
      ))}
    </div>
  );
}

interface PromptProps {
  readonly prompt: MerchantPrompt;
  readonly changing: boolean;
  readonly playing: boolean;
  readonly play: () => void;
}

function Prompt({ prompt, changing, playing, play }: PromptProps) {
  const { prompts: desk } = useSoftphone().oversight;
  const t = useTranslate();
  const windowLanguage = useLanguage();
  const { name, text, language, own } = prompt;
  const length = formatSeconds((own ?? prompt).lengthMs, windowLanguage);
  return (
    <li className={styles.prompt} data-own={own !== null} data-testid={`prompt-${name}`}>
      <div>
        <p lang={language}>{text}</p>
        <p className={`${controls.quiet} ${styles.source}`}>
          {own === null
            ? t('prompts.ready', { length })
            : t('prompts.own', { file: own.fileName, length, time: formatDay(own.uploadedAt, windowLanguage) })}
        </p>
      </div>
      <div className={styles.buttons}>
        <button
          type="button"
          className={controls.button}
          data-testid="prompt-listen"
          aria-label={playing ? t('prompts.stop') : t('prompts.listen-to', { text })}
          onClick={play}
        >
          {t(playing ? 'prompts.stop' : 'prompts.listen')}
        </button>
        <label className={`${controls.button} ${styles.file}`}>
          <input
            type="file"
            accept="audio/wav,audio/x-wav,audio/mpeg,.wav,.mp3"
            data-testid="prompt-file"
            aria-label={t('prompts.replace-of', { text })}
            disabled={changing}
            onChange={(event) => {
              const file = event.target.files?.[0];
              // The same file may be chosen again, after it was mended.
              event.target.value = '';
              if (file !== undefined) void desk.replace(name, file);
            }}
          />
          <span aria-hidden="true">{t(changing ? 'prompts.sending' : 'prompts.replace')}</span>
        </label>
        {own !== null && (
          <button
            type="button"
            className={controls.button}
            data-testid="prompt-drop"
            aria-label={t('prompts.drop-of', { text })}
            aria-disabled={changing}
            onClick={() => void desk.drop(name)}
          >
            {t('prompts.drop')}
          </button>
        )}
      </div>
    </li>
  );
}

/** Plays one sound at a time; the same again stops it, and so does leaving the page. */
function usePlayer(): { play: (name: string, address: string) => void; playing: string | null } {
  const audio = useRef<HTMLAudioElement | null>(null);
  const [playing, setPlaying] = useState<string | null>(null);
  useEffect(() => () => audio.current?.pause(), []);
  const play = (name: string, address: string): void => {
    audio.current?.pause();
    audio.current = null;
    if (playing === name) return setPlaying(null);
    const sound = new Audio(address);
    audio.current = sound;
    setPlaying(name);
    const over = (): void => setPlaying((now) => (now === name && audio.current === sound ? null : now));
    sound.addEventListener('ended', over);
    sound.addEventListener('error', over);
    void sound.play().catch(over);
  };
  return { play, playing };
}
