import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GatewayBook } from '../../media-server/src/cde/attempt/gateway-book.ts';
import { MerchantGateways } from '../../media-server/src/cde/attempt/merchant-gateways.ts';
import { GatewayCredentials } from '../../media-server/src/cde/gateways/gateway-settings.ts';
import { gatewayFrom } from '../../media-server/src/cde/gateways/kinds.ts';
import { CredentialStore } from '../../media-server/src/cde/vault/credential-store.ts';
import { systemClock } from '../../media-server/src/shared/clock.ts';
import { newId } from '../../media-server/src/shared/ids.ts';
import { createLogger } from '../../media-server/src/shared/logger.ts';
import { Secret } from '../../media-server/src/shared/secret.ts';
import { makeAuthorities } from './authorities.ts';
import { SUBJECTS } from './subjects.ts';
import type { Tls } from './wire.ts';
import { World } from './world.ts';

const folder = mkdtempSync(join(tmpdir(), 'credentials-'));
let trusted: Tls;

beforeAll(async () => {
  trusted = (await makeAuthorities()).trusted;
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What an administrator enters: the secrets apart from the rest. */
function entered(all: Record<string, unknown>) {
  const parsed = Object.entries(GatewayCredentials.parse(all));
  const secret = new Set(parsed.filter(([, value]) => value instanceof Secret).map(([name]) => name));
  const those = (are: boolean) => Object.fromEntries(Object.entries(all).filter(([name]) => secret.has(name) === are));
  return { gateway: those(false), credentials: those(true) as Record<string, string> };
}

test.each(SUBJECTS)(
  '$kind: credentials that don’t work are found when they are entered; those that do are kept sealed',
  async (subject) => {
    const world = await new World(subject, { trusted, other: trusted }).open();
    const store = join(folder, subject.kind);
    let log = '';
    const logger = createLogger(
      'trace',
      new Writable({ write: (chunk, _encoding, done) => done(void (log += chunk)) }),
    );
    const book = new GatewayBook();
    const gateways = new MerchantGateways({
      store: new CredentialStore(store),
      kekFile: join(folder, `${subject.kind}.json`),
      book,
      gatewayFrom,
      standard: 'sandbox',
      timeoutMs: 5000,
      clock: systemClock,
      log: logger,
    });
    const merchant = newId();
    const said: unknown[] = [];
    const provision = async (given: ReturnType<typeof entered>) => {
      // The contract takes these fields and no other form of them.
      const command = { type: 'provision', ask: newId(), merchant, ...given, force: false } as const;
      const answer = await gateways.answer(command as Parameters<MerchantGateways['answer']>[0]);
      said.push(answer);
      return answer.ok ? answer.value : answer.error;
    };
    try {
      const wrong = entered(subject.wrongCredentials(world.url, trusted.ca));
      const right = entered(subject.credentials(world.url, trusted.ca));
      expect(await provision(wrong)).toMatchObject({ result: 'gateway-settings', kept: false });
      const nowhere = entered(subject.credentials(await world.nowhere(), trusted.ca));
      expect(await provision(nowhere)).toMatchObject({ result: 'gateway-unreachable', kept: false });
      expect(book.of(merchant)).toBeUndefined();
      expect(await provision(right)).toMatchObject({ result: 'works', kept: true });
      expect(await book.of(merchant)?.test(5000)).toBe('works');
      said.push(await gateways.answer({ type: 'gateway-show', ask: newId(), merchant }));

      const places = [
        log,
        JSON.stringify(said),
        ...readdirSync(store).map((name) => readFileSync(join(store, name), 'latin1')),
      ];
      const secrets = [...Object.values(wrong.credentials), ...Object.values(right.credentials)];
      // One that is a common word would be found in any text.
      for (const secret of secrets.filter(({ length }) => length > 6)) {
        expect(places.some((place) => place.includes(secret))).toBe(false);
      }
    } finally {
      book.close();
      gateways.close();
      await world.close();
    }
  },
);
