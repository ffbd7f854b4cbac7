// Twenty payments of the residue audit; `npm run audit:residue` makes two hundred.
import { expect, test } from 'vitest';
import { auditResidue } from './audit.ts';
import { memoryIsReadable } from './memory.ts';

test.runIf(memoryIsReadable())(
  'no card digit is in any log, database, settings file or answer of a whole run',
  { timeout: 300_000 },
  async () => {
    const { payments, outcomes, hits, missed, searched } = await auditResidue(20, 6);
    expect(missed).toEqual([]);
    expect(hits).toEqual([]);
    expect(payments).toBe(20);
    const ends = Object.keys(outcomes).map((what) => what.replace(/ \(\w+\)$/, ''));
    expect(ends).toEqual(
      expect.arrayContaining([
        'canary: passed',
        'pays: amex: approved',
        'declined: jcb, declined: declined',
        'by-customer: diners, declined: cancelled',
        'by-agent: amex, declined: cancelled',
        'without an answer: unknown',
        'gives-up: mistaken: failed',
        'in a browser: amex: approved',
        'by SIP INFO: 409 keys-impossible',
        'card process killed: failed',
      ]),
    );
    for (const where of ['media-server', 'media worker', 'browser', 'card process, one second after each outcome']) {
      expect(searched.get(where)?.bytes, where).toBeGreaterThan(1e6);
    }
    for (const file of ['tonegate.sqlite-wal', 'card/ledger/ledger.sqlite-wal', 'media-server.log', 'card/card.log']) {
      expect(searched.get(`file ${file}`)?.bytes, file).toBeGreaterThan(1000);
    }
    expect(searched.get('webhooks')?.bytes).toBeGreaterThan(10_000);
    expect(searched.get('agent-side packets')?.bytes).toBeGreaterThan(1e6);
  },
);
