import type { Currency, Language, Order } from '@tonegate/api-schema';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { err, ok, type Result } from '../api/result.ts';
import { type AmountProblem, parseAmount } from './amount.ts';
import { looksLikeCard } from './card-lookalike.ts';

/** Longest order number and description, characters (the API's `Order`). */
export const TEXT_LIMIT = 64;

/** What the agent has typed, as typed. */
export interface PaymentForm {
  readonly reference: string;
  readonly amount: string;
  readonly description: string;
  /** Language of the guide; null is the merchant's. */
  readonly language: Language | null;
  readonly problems: OrderProblems;
  /** The request is on its way: a second press must not send it again. */
  readonly sending: boolean;
}

export type TextProblem = 'empty' | 'too-long' | 'card-number';

export interface OrderProblems {
  readonly reference?: TextProblem;
  readonly amount?: AmountProblem;
  readonly description?: TextProblem;
}

export const EMPTY_FORM: PaymentForm = {
  reference: '',
  amount: '',
  description: '',
  language: null,
  problems: {},
  sending: false,
};

export function createPaymentFormStore(): StoreApi<PaymentForm> {
  return createStore<PaymentForm>(() => EMPTY_FORM);
}

/** The order that the form stands for, or what is wrong with each field. */
export function orderOf(form: PaymentForm, currency: Currency): Result<Order, OrderProblems> {
  const amount = parseAmount(form.amount, currency);
  const reference = textProblem(form.reference, true);
  const description = textProblem(form.description, false);
  if (!amount.ok || reference !== undefined || description !== undefined) {
    return err({
      ...(reference === undefined ? {} : { reference }),
      ...(amount.ok ? {} : { amount: amount.error }),
      ...(description === undefined ? {} : { description }),
    });
  }
  const said = form.description.trim();
  return ok({
    reference: form.reference.trim(),
    amountMinor: amount.value,
    currency,
    ...(said === '' ? {} : { description: said }),
  });
}

function textProblem(text: string, needed: boolean): TextProblem | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return needed ? 'empty' : undefined;
  if (trimmed.length > TEXT_LIMIT) return 'too-long';
  return looksLikeCard(trimmed) ? 'card-number' : undefined;
}
