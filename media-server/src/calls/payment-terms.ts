import type { Order, ProblemCode, Purpose, StartPayment } from '@tonegate/api-schema';
import type { Brand, Language, PaymentOpen, Step } from '../card-link/contract.ts';
import { holdsCardNumber } from '../shared/card-digits.ts';
import { MINOR_DIGITS } from '../shared/money.ts';
import { err, ok, type Problem, type Result } from '../shared/result.ts';
import type { MerchantRules } from './call-parts.ts';

/** What a payment is begun with, once it is found fit. */
export interface PaymentTerms {
  readonly purpose: Purpose;
  /** Without the phone: that is for the code's sender alone. */
  readonly order: Omit<Order, 'phone'>;
  readonly phone: string | undefined;
  readonly member: string | undefined;
  readonly language: Language;
  /** What the customer chooses from at the start, the first by `1`. */
  readonly languages: readonly Language[] | undefined;
  readonly gentle: boolean;
  /** Cards that may be tried, 1 … 5. */
  readonly cards: number;
  readonly brands: readonly Brand[] | undefined;
}

/** Of each purpose: whether an amount is taken, a card keyed, a member named; and the step that comes first. */
const PURPOSES: Record<Purpose, { money: boolean; card: boolean; member: boolean; first: Step }> = {
  charge: { money: true, card: true, member: false, first: 'confirmation' },
  authorize: { money: true, card: true, member: false, first: 'confirmation' },
  'card-update': { money: false, card: true, member: true, first: 'card-number' },
  'stored-charge': { money: true, card: false, member: true, first: 'confirmation' },
  verify: { money: false, card: false, member: false, first: 'sending-code' },
};
/** Languages that a customer can choose from by one key. */
const CHOICES_LIMIT = 9;

/**
 * Whether this can be asked of a customer of this merchant, and how it is then asked. What only the payment service knows
 * (brands, currencies, its own limits) is for the card process to refuse.
 *
 * @param guide `speaks`: languages of the guide; `wanted`: what this call's customer is spoken to in otherwise, the best
 *   first; `gentle`: what is known of the customer, where anything is
 */
export function paymentTerms(
  request: StartPayment,
  rules: MerchantRules,
  guide: {
    readonly speaks: readonly Language[];
    readonly wanted: readonly (Language | null | undefined)[];
    readonly gentle?: boolean | undefined;
  },
): Result<PaymentTerms, Problem<ProblemCode>> {
  const { purpose, member } = request;
  const { phone, ...order } = request.order;
  const needs = PURPOSES[purpose];
  const unfit = needs.money ? amountProblem(order, rules) : noAmountProblem(order, purpose);
  if (unfit) return err(unfit);
  if ([order.reference, order.description, member].some((text) => text !== undefined && holdsCardNumber(text))) {
    return err({
      code: 'bad-request',
      message: 'the order or the member holds something that may be a card number: take it out',
    });
  }
  if (needs.member && member === undefined) {
    return err({ code: 'member-missing', message: `${purpose} needs the member whose card it is` });
  }
  if (needs.card && rules.brands?.length === 0) {
    return err({ code: 'not-possible', message: 'this merchant is set to take no brand of card' });
  }
  const language = request.language ?? spoken(guide.speaks, ...guide.wanted);
  if (!guide.speaks.includes(language)) {
    return err({
      code: 'no-such-language',
      message: `the guide doesn't speak ${language}; it speaks ${guide.speaks.join(', ')}`,
    });
  }
  const choices = [language, ...guide.speaks.filter((other) => other !== language)].slice(0, CHOICES_LIMIT);
  return ok({
    purpose,
    order,
    phone,
    member,
    language,
    languages: request.chooseLanguage && choices.length > 1 ? choices : undefined,
    gentle: request.gentle ?? (rules.gentle || guide.gentle === true),
    cards: needs.card ? rules.cards : 1,
    brands: needs.card ? rules.brands : undefined,
  });
}

/** The step that a payment of these terms begins with, until the dialogue says its own. */
export function firstStep(terms: PaymentTerms): Step {
  return terms.languages ? 'language' : PURPOSES[terms.purpose].first;
}

/** The language of these that the guide speaks: the wanted one, else its first. */
export function spoken(speaks: readonly Language[], ...wanted: readonly (Language | null | undefined)[]): Language {
  return wanted.find((language) => speaks.includes(language ?? '')) ?? speaks[0] ?? wanted.at(-1) ?? 'en';
}

/** The card process's command. */
export function paymentOpen(terms: PaymentTerms, ids: Pick<PaymentOpen, 'payment' | 'leg' | 'merchant'>): PaymentOpen {
  const { purpose, order, member, language, languages, gentle, cards, brands } = terms;
  const { reference, description, amountMinor, currency } = order;
  return {
    type: 'payment-open',
    ...ids,
    purpose,
    order: { reference, amountMinor, currency, ...(description !== undefined && { description }) },
    ...(member !== undefined && { member }),
    language,
    ...(languages && { languages: [...languages] }),
    gentle,
    cards,
    ...(brands && { brands: [...brands] }),
  };
}

function amountProblem(
  { amountMinor, currency }: Omit<Order, 'phone'>,
  rules: MerchantRules,
): Problem<ProblemCode> | undefined {
  if (!(currency in MINOR_DIGITS)) return { code: 'currency-refused', message: `${currency} is not taken` };
  if (amountMinor < 1) return { code: 'amount-unfit', message: 'the amount must be more than 0' };
  const limit = rules.amountLimitMinor;
  if (limit === undefined) return undefined;
  if (currency !== rules.currency)
    return {
      code: 'currency-refused',
      message: `the merchant's limit is in ${rules.currency}: ${currency} is not taken`,
    };
  if (amountMinor <= limit) return undefined;
  return {
    code: 'amount-above-limit',
    message: `the amount is above this merchant's limit of ${limit} (minor units, ${currency})`,
  };
}

function noAmountProblem({ amountMinor }: Omit<Order, 'phone'>, purpose: Purpose): Problem<ProblemCode> | undefined {
  if (amountMinor === 0) return undefined;
  return { code: 'amount-unfit', message: `${purpose} moves no money: its amount must be 0` };
}
