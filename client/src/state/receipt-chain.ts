import type { Receipts } from '@tonegate/api-schema';

/** What a look at a chain of receipts of silence shows. Signatures are for `tonegate-verify`, which needs no server. */
export interface ChainView {
  readonly count: number;
  readonly first: number | null;
  readonly last: number | null;
  /** The chain's own end is among them: none is missing after them. */
  readonly toTheEnd: boolean;
  readonly findings: readonly ChainFinding[];
}

/** missing: numbers are left out before this one · unlinked: it doesn't follow the one before · passed: it tells of packets that passed · end: it isn't the end that the server names. */
export interface ChainFinding {
  readonly number: number;
  readonly what: 'missing' | 'unlinked' | 'passed' | 'end';
}

type Receipt = Receipts['receipts'][number];

/**
 * Follows receipts in their order.
 * @param digest SHA-256 of a text, hex
 */
export async function followChain(
  { receipts, head }: Pick<Receipts, 'receipts' | 'head'>,
  digest: (text: string) => Promise<string>,
): Promise<ChainView> {
  const findings: ChainFinding[] = [];
  let before: { readonly number: number; readonly digest: string } | null = null;
  for (const { record } of receipts) {
    const number = numberOf(record);
    if (before !== null && number !== before.number + 1) findings.push({ number, what: 'missing' });
    else if (before !== null && record['previous'] !== before.digest) findings.push({ number, what: 'unlinked' });
    if (hasPassed(record)) findings.push({ number, what: 'passed' });
    before = { number, digest: await digest(canonical(record)) };
  }
  const fits = head !== null && before?.number === head.number && before.digest === head.digest;
  if (head !== null && before !== null && !fits) findings.push({ number: before.number, what: 'end' });
  const [first] = receipts;
  return {
    count: receipts.length,
    first: first === undefined ? null : numberOf(first.record),
    last: before?.number ?? null,
    toTheEnd: fits,
    findings,
  };
}

/** JSON with sorted names and without spaces (RFC 8785, for what receipts hold): what their digests are of. */
function canonical(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, held]) => `${JSON.stringify(name)}:${canonical(held)}`).join(',')}}`;
}

function numberOf(record: Receipt['record']): number {
  return typeof record['number'] === 'number' ? record['number'] : 0;
}

function hasPassed(record: Receipt['record']): boolean {
  const forwarded = record['forwarded'];
  return typeof forwarded === 'object' && forwarded !== null && Object.values(forwarded).some((count) => count > 0);
}
