import { type Currency, type Purpose, StartPayment } from '@tonegate/api-schema';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { err, ok, type Result } from '../api/result.ts';
import { type AmountProblem, parseAmount } from './amount.ts';
import { looksLikeCard } from './card-lookalike.ts';
import { internationalNumber } from './dial.ts';

/** Longest order number and description, characters (the API's `Order`). */
export const TEXT_LIMIT = 64;

/** A language of the guide by its tag, or that the customer chooses it. */
export type Guide = string;
export const CUSTOMER_CHOOSES: Guide = 'customer';

/** What the agent has typed, as typed. */
export interface PaymentForm {
  /** null: what this merchant's agents usually do. */
  readonly purpose: Purpose | null;
  readonly reference: string;
  readonly amount: string;
  readonly description: string;
  /** The merchant's own name of the customer. */
  readonly member: string;
  readonly phone: string;
  /** null: as this call's number or merchant has it. */
  readonly guide: Guide | null;
  /** null: the merchant's. */
  readonly gentle: boolean | null;
  readonly problems: FormProblems;
  /** The request is on its way: a second press must not send it again. */
  readonly sending: boolean;
}

export type FormField = 'reference' | 'amount' | 'description' | 'member' | 'phone';
export type FieldProblem = AmountProblem | 'too-long' | 'card-number' | 'not-a-member' | 'not-a-phone';
export type FormProblems = Readonly<Partial<Record<FormField, FieldProblem>>>;

export const EMPTY_FORM: PaymentForm = {
  purpose: null,
  reference: '',
  amount: '',
  description: '',
  member: '',
  phone: '',
  guide: null,
  gentle: null,
  problems: {},
  sending: false,
};

export function createPaymentFormStore(): StoreApi<PaymentForm> {
  return createStore<PaymentForm>(() => EMPTY_FORM);
}

/** What of a merchant bears on a payment's form. */
export interface FormMerchant {
  readonly currency: Currency;
  readonly timeZone: string;
  readonly agentsTypePhones?: boolean | undefined;
}

/** What a purpose needs to know of the agent, in the order in which it is asked. */
export function fieldsOf(purpose: Purpose, merchant: FormMerchant): readonly FormField[] {
  switch (purpose) {
    case 'charge':
    case 'authorize':
      return ['reference', 'amount', 'description'];
    case 'card-update':
      return ['reference', 'member'];
    case 'stored-charge':
      return ['reference', 'amount', 'member'];
    case 'verify':
      return merchant.agentsTypePhones === true ? ['reference', 'member', 'phone'] : ['reference', 'member'];
  }
}

/** Whether the card that a payment needs, or its code, belongs to a customer whom the merchant knows by a name. */
export function needsMember(purpose: Purpose, merchant: FormMerchant): boolean {
  if (purpose === 'verify') return merchant.agentsTypePhones !== true;
  return purpose === 'card-update' || purpose === 'stored-charge';
}

/** The payment that the form stands for, or what is wrong with each field. */
export function requestOf(
  form: PaymentForm,
  purpose: Purpose,
  merchant: FormMerchant,
): Result<Omit<StartPayment, 'call'>, FormProblems> {
  const fields = fieldsOf(purpose, merchant);
  const has = (field: FormField): boolean => fields.includes(field);
  const amount = has('amount') ? parseAmount(form.amount, merchant.currency) : ok(0);
  const phone = has('phone') ? internationalNumber(form.phone, merchant.timeZone) : undefined;
  const member = form.member.normalize('NFKC').trim();
  const problems: FormProblems = {
    ...problem('reference', textProblem(form.reference, true)),
    ...problem('amount', amount.ok ? undefined : amount.error),
    ...problem('description', has('description') ? textProblem(form.description, false) : undefined),
    ...problem('member', has('member') ? memberProblem(member, needsMember(purpose, merchant)) : undefined),
    ...problem('phone', phone === null ? 'not-a-phone' : phone === '' && member === '' ? 'empty' : undefined),
  };
  if (!amount.ok || phone === null || Object.keys(problems).length > 0) return err(problems);
  const description = has('description') ? form.description.trim() : '';
  return ok({
    purpose,
    order: {
      reference: form.reference.trim(),
      amountMinor: amount.value,
      currency: merchant.currency,
      ...(description === '' ? {} : { description }),
      ...(phone === undefined || phone === '' ? {} : { phone }),
    },
    ...(has('member') && member !== '' ? { member } : {}),
    ...(form.guide === CUSTOMER_CHOOSES
      ? { chooseLanguage: true }
      : form.guide === null
        ? {}
        : { language: form.guide }),
    ...(form.gentle === null ? {} : { gentle: form.gentle }),
  });
}

function problem(field: FormField, what: FieldProblem | undefined): FormProblems {
  return what === undefined ? {} : { [field]: what };
}

function textProblem(text: string, needed: boolean): FieldProblem | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return needed ? 'empty' : undefined;
  if (trimmed.length > TEXT_LIMIT) return 'too-long';
  return looksLikeCard(trimmed) ? 'card-number' : undefined;
}

function memberProblem(member: string, needed: boolean): FieldProblem | undefined {
  const other = textProblem(member, needed);
  if (other !== undefined || member === '') return other;
  return StartPayment.shape.member.safeParse(member).success ? undefined : 'not-a-member';
}
