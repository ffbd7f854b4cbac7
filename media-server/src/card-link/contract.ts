/** The contract's words for `calls/`, which knows the card process through this folder alone. */
export type * from '../cde/contract.ts';
