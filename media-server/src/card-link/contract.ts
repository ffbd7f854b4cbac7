/** The contract's words for those who speak to the card process through the link; `cde/` itself is closed to them. */
export type * from '../cde/contract.ts';
export { BRANDS, PAYMENTS_ASKED_LIMIT } from '../cde/contract.ts';
