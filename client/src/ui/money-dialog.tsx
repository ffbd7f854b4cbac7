import { AlertDialog } from 'radix-ui';
import { useId } from 'react';
import { formatMoney, joinSentences } from '../i18n/format.ts';
import type { Translate, WindowLanguage } from '../i18n/translate.ts';
import { parseAmount } from '../state/amount.ts';
import { useMoneyTask, useSoftphone } from '../state/hooks.ts';
import { leftMinor, type MoneyTask } from '../state/money-desk.ts';
import controls from './controls.module.css';
import { Field } from './field.tsx';
import { fieldWords } from './field-words.ts';
import { moneyWord } from './money-buttons.tsx';
import dialog from './dialog.module.css';
import { OUTCOME_ICONS } from './payment-outcome.tsx';
import { brandWords, explanation, referenceWords, verdict } from './payment-words.ts';
import { ProblemNote } from './problem-note.tsx';
import { useLanguage, useTranslate } from './use-translate.ts';

/** Asks before money of an earlier payment moves, and stays until it is told what became of it. */
export function MoneyDialog() {
  const { money } = useSoftphone();
  const task = useMoneyTask();
  return (
    <AlertDialog.Root open={task !== null} onOpenChange={(open) => !open && money.close()}>
      {task !== null && (
        <AlertDialog.Portal>
          <AlertDialog.Overlay className={dialog.overlay} />
          <AlertDialog.Content className={dialog.dialog} data-testid="money-dialog" data-phase={task.phase}>
            {task.phase === 'done' ? <Done task={task} /> : <Question task={task} />}
          </AlertDialog.Content>
        </AlertDialog.Portal>
      )}
    </AlertDialog.Root>
  );
}

function Question({ task }: { task: MoneyTask }) {
  const { money } = useSoftphone();
  const t = useTranslate();
  const language = useLanguage();
  const id = useId();
  const { about, action, phase } = task;
  const { currency } = about.order;
  const word = moneyWord(action, about);
  const part = action === 'void' ? null : parseAmount(task.amount, currency);
  const minor = part === null ? about.order.amountMinor : part.ok ? part.value : leftMinor(about);
  const amount = formatMoney(minor, currency, language);
  const limit = formatMoney(leftMinor(about), currency, language);
  const sent = phase === 'sent';

  return (
    <>
      <AlertDialog.Title className={dialog.title}>{t(`money.title.${word}`)}</AlertDialog.Title>
      <p>
        {formatMoney(about.order.amountMinor, currency, language)}
        {about.lastFour !== null && ` · ${brandWords(about.brand, t)} •••• ${about.lastFour}`}
        <br />
        <span className={controls.quiet}>
          {referenceWords(about, t)}
          {about.receipt !== null && ` · ${t('pay.receipt', { receipt: about.receipt })}`}
          {about.refundedMinor > 0 &&
            ` · ${t('money.refunded', { amount: formatMoney(about.refundedMinor, currency, language) })}`}
        </span>
      </p>
      {action !== 'void' && (
        <Field
          id={`${id}-amount`}
          label={t('money.amount', { currency, limit })}
          problem={amountWords(task, limit, t, language)}
        >
          {(attributes) => (
            <input
              {...attributes}
              className={controls.input}
              data-testid="money-amount"
              inputMode="decimal"
              autoComplete="off"
              maxLength={16}
              readOnly={phase !== 'ask'}
              value={task.amount}
              onChange={(event) => money.setAmount(event.target.value)}
            />
          )}
        </Field>
      )}
      <AlertDialog.Description className={controls.quiet}>{t(`money.text.${word}`)}</AlertDialog.Description>
      {phase === 'unanswered' ? (
        <p role="alert" data-testid="money-unanswered">
          {t('money.unanswered')}
        </p>
      ) : (
        task.problem !== null && <ProblemNote code={task.problem} />
      )}
      <div className={dialog.buttons}>
        <AlertDialog.Cancel className={controls.button} data-testid="money-back" disabled={sent}>
          {t('money.back')}
        </AlertDialog.Cancel>
        <button
          type="button"
          className={controls.primary}
          data-testid="money-confirm"
          aria-disabled={sent}
          onClick={() => void money.confirm()}
        >
          {sent
            ? t('money.sending')
            : phase === 'unanswered'
              ? t('money.again')
              : t(`money.confirm.${word}`, { amount })}
        </button>
      </div>
    </>
  );
}

function Done({ task }: { task: MoneyTask }) {
  const t = useTranslate();
  const language = useLanguage();
  const { result } = task;
  if (result === null) return null;
  const ended = { ...result, outcome: result.outcome ?? ('unknown' as const) };
  return (
    <>
      <AlertDialog.Title className={dialog.verdict} data-outcome={ended.outcome} data-testid="money-outcome">
        {OUTCOME_ICONS[ended.outcome]}
        {verdict(ended, t)}
      </AlertDialog.Title>
      <AlertDialog.Description>
        {formatMoney(result.order.amountMinor, result.order.currency, language)}
        {result.receipt !== null && ` · ${t('pay.receipt', { receipt: result.receipt })}`}
        <br />
        {ended.outcome === 'unknown' ? t('money.unknown') : joinSentences(explanation(ended, t), language)}
      </AlertDialog.Description>
      <div className={dialog.buttons}>
        <AlertDialog.Cancel className={controls.button} data-testid="money-close">
          {t('close')}
        </AlertDialog.Cancel>
      </div>
    </>
  );
}

function amountWords(task: MoneyTask, limit: string, t: Translate, language: WindowLanguage): string | null {
  const { amountProblem } = task;
  if (amountProblem === 'more-than-left') return t('money.more-than-left', { limit });
  return fieldWords('amount', amountProblem ?? undefined, task.about.order.currency, t, language);
}
