import { createHash } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import type { Id } from '../../shared/ids.ts';
import type { Logger } from '../../shared/logger.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { FromCard, GATEWAY_STATES, GatewayResult, Refusal, ToCard } from '../contract.ts';
import { GATEWAY_RESULTS } from '../contract.ts';
import type { Gateway } from '../gateways/gateway.ts';
import type { GatewayCredentials } from '../gateways/gateway-settings.ts';
import { gatewayFrom } from '../gateways/kinds.ts';
import { type OwnGateway, ownName, readOwnGateway, under } from '../gateways/own-gateway.ts';
import { traceOf } from '../hardening.ts';
import type { CardSettings } from '../settings.ts';
import { CredentialStore, type Provision } from '../vault/credential-store.ts';
import { open, type Place, rewrap, seal } from '../vault/envelope.ts';
import { KeyFileError } from '../vault/key-file.ts';
import { KeyRing } from '../vault/key-ring.ts';
import type { GatewayBook } from './gateway-book.ts';

/** Commands about merchants' own gateways. */
export type GatewayCommand = Extract<
  ToCard,
  { type: 'provision' | 'unprovision' | 'gateway-test' | 'gateway-show' | 'gateway-keys' }
>;

export interface MerchantGatewaysParts {
  readonly store: CredentialStore;
  readonly kekFile: string;
  readonly book: GatewayBook;
  readonly gatewayFrom: (credentials: GatewayCredentials) => Gateway;
  /** Kind of the one that the settings name. */
  readonly standard: string;
  /** How long a test may take, ms. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

type State = (typeof GATEWAY_STATES)[number];

/** A person waits for it. */
const TEST_LIMIT_MS = 15_000;
/** Tests at once. */
const TESTS_LIMIT = 16;

/**
 * Merchants' own gateways: entered with their credentials, tried, sealed, and put into the book. What can't be opened
 * blocks its merchant's payments: they must not go to somebody else's account.
 */
export class MerchantGateways {
  readonly #parts: MerchantGatewaysParts | undefined;
  readonly #shut = new Map<Id, State>();
  #ring: KeyRing | undefined;
  #testing = 0;

  /**
   * With the store that the settings name, all of it in the book. Where it can't be read, nobody's money goes anywhere
   * until the next start; the log says what to do.
   */
  static open(settings: CardSettings, book: GatewayBook, clock: Clock, log: Logger): MerchantGateways {
    const { gateway, kekFile, ledgerFolder } = settings;
    let store: CredentialStore;
    try {
      store = new CredentialStore(ledgerFolder);
    } catch (error) {
      log.fatal(traceOf(error), `merchants' gateways in ${ledgerFolder} can't be read: no money is taken`);
      book.blockAll();
      return new MerchantGateways(undefined);
    }
    const { kind, timeoutMs } = gateway;
    return new MerchantGateways({ store, kekFile, book, gatewayFrom, standard: kind, timeoutMs, clock, log });
  }

  constructor(parts: MerchantGatewaysParts | undefined) {
    this.#parts = parts;
    if (!parts) return;
    parts.book.onRetired((merchant, name) => {
      const version = /-own-(\d+)$/.exec(name)?.[1];
      // What stays for want of the disk is dropped after the next start.
      if (version !== undefined) this.#tried(() => parts.store.drop(merchant, Number(version)));
    });
    const all = parts.store.all();
    this.#readKeys(parts, all.length === 0);
    for (const provision of all) this.#take(parts, provision);
    this.#rewrapAll(parts);
  }

  /** Does what a command wants. Rejects where the disk fails: then all is as it was. */
  async answer(command: GatewayCommand): Promise<Result<FromCard, Refusal>> {
    const parts = this.#parts;
    if (!parts) return err('credentials-not-kept');
    const { ask } = command;
    switch (command.type) {
      case 'provision': {
        const done = await this.#provision(parts, command);
        return done.ok ? ok({ type: 'provisioned', ask, merchant: command.merchant, ...done.value }) : done;
      }
      case 'unprovision': {
        const { merchant } = command;
        if (!parts.store.unset(merchant)) return err('no-own-gateway');
        this.#shut.delete(merchant);
        parts.book.unset(merchant);
        parts.log.info({ merchant }, 'the merchant goes by the gateway of the settings again');
        return ok({ type: 'unprovisioned', ask, merchant });
      }
      case 'gateway-test': {
        const { merchant } = command;
        const result = await this.#test(parts, merchant);
        return result.ok ? ok({ type: 'gateway-tested', ask, merchant, result: result.value }) : result;
      }
      case 'gateway-show':
        return ok(this.#show(parts, ask, command.merchant));
      case 'gateway-keys': {
        if (!this.#readKeys(parts, false)) return err('credentials-not-kept');
        for (const provision of parts.store.all()) {
          if (this.#shut.has(provision.merchant)) this.#take(parts, provision);
        }
        return ok({ type: 'gateway-keys-read', ask, wrapped: this.#rewrapAll(parts), shut: this.#shut.size });
      }
    }
  }

  close(): void {
    this.#parts?.store.close();
  }

  async #provision(
    parts: MerchantGatewaysParts,
    { merchant, gateway: given, credentials, force }: Extract<GatewayCommand, { type: 'provision' }>,
  ): Promise<Result<{ result: GatewayResult; kept: boolean }, Refusal>> {
    const own = readOwnGateway(given, credentials);
    if (!own.ok) return err('gateway-unfit');
    const ring = this.#ring;
    if (!ring) return err('credentials-not-kept');
    const made = gatewayOf(parts, own.value);
    if (!made) return err('gateway-unfit');
    let kept = false;
    try {
      const tested = await this.#tries(parts, made);
      if (!tested.ok) return tested;
      const result = tested.value;
      if (result !== 'works' && !force) return ok({ result, kept });
      const settings = JSON.stringify(own.value.settings);
      const { version } = parts.store.put(merchant, (version) => {
        const plain = Buffer.from(
          JSON.stringify(
            Object.fromEntries(Object.entries(own.value.secrets).map(([name, value]) => [name, value.reveal()])),
          ),
        );
        try {
          const sealed = seal(this.#ring ?? ring, placeOf({ merchant, version, settings }), plain);
          return { settings, sealed, testedAt: parts.clock.now(), tested: result };
        } finally {
          plain.fill(0);
        }
      });
      kept = true;
      this.#shut.delete(merchant);
      parts.book.set(merchant, under(ownName(own.value.credentials.kind, version), made));
      parts.log.info(
        { merchant, kind: own.value.credentials.kind, version, result },
        'a merchant has a gateway of its own',
      );
      return ok({ result, kept });
    } finally {
      if (!kept) made.close();
    }
  }

  async #test(parts: MerchantGatewaysParts, merchant: Id): Promise<Result<GatewayResult, Refusal>> {
    if (this.#shut.has(merchant)) return err('credentials-shut');
    const current = parts.store.current(merchant);
    const gateway = parts.book.of(merchant);
    if (!gateway) return err('no-such-gateway');
    const tested = await this.#tries(parts, gateway);
    if (tested.ok && current) {
      this.#tried(() => parts.store.tested(merchant, current.version, parts.clock.now(), tested.value));
    }
    return tested;
  }

  async #tries({ timeoutMs }: MerchantGatewaysParts, gateway: Gateway): Promise<Result<GatewayResult, Refusal>> {
    if (this.#testing >= TESTS_LIMIT) return err('limit-reached');
    this.#testing++;
    try {
      return ok(await gateway.test(Math.min(timeoutMs, TEST_LIMIT_MS)));
    } finally {
      this.#testing--;
    }
  }

  #show({ store, standard }: MerchantGatewaysParts, ask: Id, merchant: Id): FromCard {
    const current = store.current(merchant);
    const shown = { type: 'gateway-shown', ask, merchant, standard } as const;
    if (!current) return shown;
    const { settings, testedAt, tested } = current;
    const result = GATEWAY_RESULTS.find((word) => word === tested) ?? 'gateway-settings';
    const gateway = JSON.parse(settings);
    return { ...shown, own: { state: this.#shut.get(merchant) ?? 'usable', gateway, testedAt, result } };
  }

  /** Reads the key file; false where it can't be: then what was opened before stays open. */
  #readKeys({ kekFile, log }: MerchantGatewaysParts, make: boolean): boolean {
    try {
      this.#ring = KeyRing.open(kekFile, make);
      return true;
    } catch (error) {
      if (!(error instanceof KeyFileError)) throw error;
      log.error({}, `merchants' own credentials can't be opened or kept: ${error.message}`);
      return false;
    }
  }

  /** Opens what is stored and puts it into the book. */
  #take(parts: MerchantGatewaysParts, provision: Provision): void {
    const { book, log } = parts;
    const { merchant, version, current } = provision;
    const opened = openProvision(parts, this.#ring, provision);
    if (opened.ok) {
      const gateway = under(ownName(opened.value.kind, version), opened.value.gateway);
      if (!current) {
        if (!book.named(merchant, gateway.name)) book.keep(merchant, gateway);
        return;
      }
      this.#shut.delete(merchant);
      return book.set(merchant, gateway);
    }
    const { kid } = provision.sealed ?? {};
    const words = { merchant, version, kid, why: opened.error };
    log.error(words, "a merchant's gateway credentials can't be opened: it can't be used until they are entered again");
    if (!current) return;
    this.#shut.set(merchant, opened.error);
    book.block(merchant);
  }

  /** @returns how many are under the first key now */
  #rewrapAll({ store, log }: MerchantGatewaysParts): number {
    const ring = this.#ring;
    if (!ring) return 0;
    const all = store.all();
    const changed = all.flatMap((provision) => {
      const { sealed } = provision;
      if (!sealed || sealed.kid === ring.newest.id) return [];
      const wrapped = rewrap(ring, placeOf(provision), sealed);
      return wrapped.ok ? [{ provision, sealed: wrapped.value }] : [];
    });
    if (changed.length > 0) {
      // Where the disk fails they stay under the key that they are under.
      if (!this.#tried(() => store.rewrap(changed))) return 0;
      log.info({ wrapped: changed.length, kid: ring.newest.id }, "merchants' credentials are under a newer key");
    }
    const before = all.filter(({ sealed }) => sealed?.kid === ring.newest.id).length;
    return before + changed.length;
  }

  #tried(write: () => void): boolean {
    try {
      write();
      return true;
    } catch (error) {
      this.#parts?.log.error(traceOf(error), "the file of merchants' gateways could not be written");
      return false;
    }
  }
}

/** What is sealed belongs to these settings: the address that the credentials go to can't be exchanged on the disk. */
function placeOf({ merchant, version, settings }: Pick<Provision, 'merchant' | 'version' | 'settings'>): Place {
  const beside = createHash('sha256').update(settings).digest('hex');
  return { merchant, version, record: 'gateway', field: 'credentials', beside };
}

function openProvision(
  parts: MerchantGatewaysParts,
  ring: KeyRing | undefined,
  provision: Provision,
): Result<{ kind: string; gateway: Gateway }, Exclude<State, 'usable'>> {
  if (!ring) return err('no-key');
  if (!provision.sealed) return err('not-authentic');
  const plain = open(ring, placeOf(provision), provision.sealed);
  if (!plain.ok) return plain;
  try {
    const own = readOwnGateway(JSON.parse(provision.settings), JSON.parse(plain.value.toString()));
    const gateway = own.ok ? gatewayOf(parts, own.value) : undefined;
    return own.ok && gateway ? ok({ kind: own.value.credentials.kind, gateway }) : err('unfit');
  } finally {
    plain.value.fill(0);
  }
}

/** Undefined where a certificate in its settings is none. */
function gatewayOf({ gatewayFrom }: MerchantGatewaysParts, { credentials }: OwnGateway): Gateway | undefined {
  try {
    return gatewayFrom(credentials);
  } catch {
    return undefined;
  }
}
