import { BRANDS, type Brand, type Language } from '../card-link/contract.ts';
import type { Id } from '../shared/ids.ts';
import { ID_PATTERN } from '../shared/ids.ts';
import type { Storage } from '../storage/storage.ts';
import type { Merchant } from '../storage/tables.ts';
import type { CallMerchant } from './call-parts.ts';
import type { Directory } from './calls.ts';

/**
 * Merchants, numbers and memberships, held in memory so that a call is decided on without waiting; `load()` reads them
 * anew.
 */
export class StoredDirectory implements Directory {
  readonly #storage: Storage;
  readonly #trunk: string | undefined;
  #merchants = new Map<Id, CallMerchant>();
  #numbers = new Map<string, { readonly merchant: Id; readonly language: Language | null }>();
  #outgoing = new Map<Id, { trunk: string; from: string }>();
  #members = new Map<Id, Id[]>();

  /** @param trunk for outgoing calls of numbers that name none */
  constructor(storage: Storage, trunk: string | undefined) {
    this.#storage = storage;
    this.#trunk = trunk;
  }

  async load(): Promise<void> {
    const storage = this.#storage;
    const [merchants, numbers, memberships] = await Promise.all([
      storage.selectFrom('merchants').selectAll().execute(),
      storage.selectFrom('numbers').select(['merchant', 'number', 'trunk', 'language']).orderBy('createdAt').execute(),
      storage
        .selectFrom('memberships')
        .innerJoin('people', 'people.id', 'memberships.person')
        .select(['memberships.person as person', 'memberships.merchant as merchant'])
        .where('people.disabledAt', 'is', null)
        .orderBy('people.name')
        .execute(),
    ]);
    this.#merchants = new Map(merchants.map((merchant) => [merchant.id, callMerchant(merchant)]));
    this.#numbers = new Map(numbers.map((row) => [row.number.replace('+', ''), row]));
    this.#outgoing = new Map();
    for (const { merchant, number, trunk } of numbers) {
      const by = trunk ?? this.#trunk;
      if (by !== undefined && !this.#outgoing.has(merchant)) this.#outgoing.set(merchant, { trunk: by, from: number });
    }
    this.#members = new Map();
    for (const { merchant, person } of memberships) {
      const members = this.#members.get(merchant);
      if (members) members.push(person);
      else this.#members.set(merchant, [person]);
    }
  }

  /** Carriers write numbers with or without the plus sign. */
  merchantOfNumber(number: string): CallMerchant | undefined {
    const found = this.#numbers.get(number.replace('+', ''));
    return found && this.#merchants.get(found.merchant);
  }

  languageOfNumber(number: string): Language | undefined {
    return this.#numbers.get(number.replace('+', ''))?.language ?? undefined;
  }

  merchant(id: Id): CallMerchant | undefined {
    return this.#merchants.get(id);
  }

  /** A softphone's SIP user is its person's id; phones' accounts have names. */
  personOfAccount(user: string): Id | undefined {
    return ID_PATTERN.test(user) ? user : undefined;
  }

  members(merchant: Id): readonly Id[] {
    return this.#members.get(merchant) ?? [];
  }

  outgoing(merchant: Id): { readonly trunk: string; readonly from: string } | undefined {
    return this.#outgoing.get(merchant);
  }
}

function callMerchant(row: Merchant): CallMerchant {
  const { id, organisation, name, language, currency, gentle, cards, brands, amountLimitMinor } = row;
  return {
    id,
    organisation,
    name,
    language,
    rules: {
      currency,
      gentle: gentle === 1,
      cards,
      brands: brands === null ? undefined : takenBrands(brands),
      amountLimitMinor: amountLimitMinor ?? undefined,
    },
  };
}

/** Of a JSON list; a word that is no brand takes none. */
function takenBrands(json: string): Brand[] {
  const words: unknown = JSON.parse(json);
  return Array.isArray(words) ? BRANDS.filter((brand) => words.includes(brand)) : [];
}
