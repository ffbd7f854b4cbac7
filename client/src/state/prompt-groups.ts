import type { MerchantPrompt } from '@tonegate/api-schema';

/** Parts of the dialogue, in the order in which customers come to them. */
export const PROMPT_PARTS = [
  'opening',
  'order',
  'fields',
  'mistakes',
  'declined',
  'help',
  'ending',
  'around',
  'numbers',
  'other',
] as const;
export type PromptPart = (typeof PROMPT_PARTS)[number];

const NAMES: Record<Exclude<PromptPart, 'numbers' | 'other'>, string> = {
  opening: 'opening opening-authorize opening-card-update opening-stored-charge opening-verify',
  order: 'amount-is amount-held-is reference-is confirm',
  fields:
    'card-number press-hash expiry date-example security-code-back security-code-front sending-code one-time-code another-code code-sent-again no-other-code code-too-soon',
  mistakes:
    'cleared silence wrong-key too-short one-digit-missing too-long check-failed brand-refused expired expiry-wrong month-first code-wrong code-expired use-keypad no-keys',
  declined:
    'another-card card-refused funds-missing limit-reached card-expired security-code-wrong card-number-wrong other-card',
  help: 'offer-agent star-nine star-eight gentle-on ask-again number-on-front expiry-on-card code-on-back code-on-front take-your-time star-clears code-by-message',
  ending:
    'waiting approved held registered verified declined not-registered not-verified no-stored-card code-not-sent failed unknown too-many-mistakes time-over returning',
  around: 'please-wait nobody-here agent-returns key-test key-test-done key-test-wrong key-test-nothing',
};
const PART_OF = new Map(
  Object.entries(NAMES).flatMap(([part, names]) => names.split(' ').map((name) => [name, part as PromptPart] as const)),
);
/** Fragments that amounts, counts and order numbers are put together from. */
const FRAGMENT =
  /^(n-.+|c-.|c-dash|digits-\d+|hundred|thousand|million|and|(dollar|euro|pound|cent|penny|pence|yen)s?(-end)?)$/;

/** To which part of the dialogue a prompt belongs. */
export function partOf(name: string): PromptPart {
  if (name.startsWith('language-')) return 'opening';
  return PART_OF.get(name) ?? (FRAGMENT.test(name) ? 'numbers' : 'other');
}

/** Prompts by part, without the parts that have none. */
export function byPart(
  prompts: readonly MerchantPrompt[],
): readonly { readonly part: PromptPart; readonly prompts: readonly MerchantPrompt[] }[] {
  const groups = PROMPT_PARTS.map((part) => ({ part, prompts: prompts.filter(({ name }) => partOf(name) === part) }));
  return groups.filter((group) => group.prompts.length > 0);
}
