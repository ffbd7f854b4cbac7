import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { z } from 'zod';
import { type Id, randomLetters } from '../shared/ids.ts';
import { Secret } from '../shared/secret.ts';
import { addApiKey, findApiKey, newApiKey, revokeApiKeys } from './api-keys.ts';
import { putDevice } from './devices.ts';
import { findMember, putMember } from './members.ts';
import { addMerchant, addOrganisation, join } from './merchants.ts';
import { addNumber } from './numbers.ts';
import { addPerson, checkPassword, findPersonByName, setPassword } from './people.ts';
import type { Storage } from './storage.ts';
import type { Merchant, Person } from './tables.ts';

const ORGANISATION = 'Tonegate demo';
const MERCHANT = 'Tanaka Foods';
const NUMBER = '+81312345678';
const PEOPLE = [
  { name: 'hanako', displayName: 'Yamada Hanako', role: 'agent' },
  { name: 'taro', displayName: 'Suzuki Taro', role: 'agent' },
  { name: 'keiko', displayName: 'Sato Keiko', role: 'supervisor' },
  { name: 'akira', displayName: 'Mori Akira', role: 'administrator' },
] as const;
/** Customers whom the merchant knows; the first two have the demo phone's number, the third one that nobody answers to. */
const MEMBERS = [
  { member: 'C-1001', phone: '+819012345678', language: 'ja', gentle: 0 },
  { member: 'C-1002', phone: '+819012345678', language: 'en', gentle: 1 },
  { member: 'C-1003', phone: '+819000000000', language: null, gentle: 0 },
] as const;
const DEVICE = 'customer';
const API_KEY = 'demo core system';

const Secrets = z.object({
  hanako: z.string(),
  taro: z.string(),
  keiko: z.string(),
  akira: z.string(),
  customer: z.string(),
  apiKey: z.string(),
});
type Secrets = z.infer<typeof Secrets>;

interface DemoPerson {
  readonly id: Id;
  readonly name: string;
  readonly password: Secret;
}

/** What the demo has to show: for the start's last lines and for tests. */
export interface Demo {
  readonly organisation: Id;
  readonly merchant: Id;
  /** E.164. */
  readonly number: string;
  readonly agents: readonly DemoPerson[];
  readonly supervisor: DemoPerson;
  readonly administrator: DemoPerson;
  readonly device: { readonly user: string; readonly password: Secret };
  readonly apiKey: Secret;
  /** Where passwords and key are kept, mode 0600. */
  readonly secretsFile: string;
}

/**
 * Makes the demo's organisation, merchant, people, members, number, SIP account and API key, or finds them as they are. Passwords
 * are made once and kept in `demo-secrets.json` in `folder`; what isn't in that file is made anew.
 *
 * @param options.realm realm of SIP's digest challenges: the SIP server's domain
 * @param options.now UTC milliseconds
 */
export async function seedDemo(
  storage: Storage,
  options: { readonly folder: string; readonly realm: string; readonly now: number },
): Promise<Demo> {
  const { now } = options;
  const secretsFile = joinPath(options.folder, 'demo-secrets.json');
  const secrets = keepSecrets(secretsFile);
  const merchant = (await findDemoMerchant(storage)) ?? (await makeMerchant(storage, now));

  const people: (DemoPerson & { readonly role: Person['role'] })[] = [];
  for (const { name, displayName, role } of PEOPLE) {
    const password = secrets[name];
    let person = await findPersonByName(storage, name);
    if (!person) {
      const { organisation } = merchant;
      person = await addPerson(storage, { organisation, name, displayName, role, language: 'ja', password }, now);
    } else if (!(await checkPassword(storage, name, password))) {
      await setPassword(storage, person.id, password);
    }
    await join(storage, person.id, merchant.id, now);
    people.push({ id: person.id, name, role, password: new Secret(password) });
  }
  for (const member of MEMBERS) {
    if (await findMember(storage, merchant.id, member.member)) continue;
    await putMember(storage, { merchant: merchant.id, ...member }, now);
  }

  const device = { user: DEVICE, password: new Secret(secrets.customer) };
  await putDevice(
    storage,
    {
      organisation: merchant.organisation,
      user: DEVICE,
      realm: options.realm,
      password: secrets.customer,
      mayRegister: true,
    },
    now,
  );

  const apiKey = new Secret(secrets.apiKey);
  if (!(await findApiKey(storage, secrets.apiKey))) {
    await revokeApiKeys(storage, merchant.organisation, API_KEY, now);
    await addApiKey(
      storage,
      { organisation: merchant.organisation, name: API_KEY, key: apiKey, merchants: [merchant.id] },
      now,
    );
  }
  const only = (wanted: Person['role']): DemoPerson => {
    const person = people.find(({ role }) => role === wanted);
    if (!person) throw new Error(`the demo has no ${wanted}`);
    return person;
  };
  return {
    organisation: merchant.organisation,
    merchant: merchant.id,
    number: NUMBER,
    agents: people.filter(({ role }) => role === 'agent'),
    supervisor: only('supervisor'),
    administrator: only('administrator'),
    device,
    apiKey,
    secretsFile,
  };
}

function findDemoMerchant(storage: Storage): Promise<Merchant | undefined> {
  return storage
    .selectFrom('merchants')
    .innerJoin('organisations', 'organisations.id', 'merchants.organisation')
    .where('organisations.name', '=', ORGANISATION)
    .where('merchants.name', '=', MERCHANT)
    .selectAll('merchants')
    .executeTakeFirst();
}

async function makeMerchant(storage: Storage, now: number): Promise<Merchant> {
  return storage.transaction().execute(async (transaction) => {
    const organisation = await addOrganisation(transaction, ORGANISATION, now);
    const merchant = await addMerchant(
      transaction,
      { organisation: organisation.id, name: MERCHANT, timeZone: 'Asia/Tokyo', currency: 'JPY', language: 'ja' },
      now,
    );
    await addNumber(transaction, { merchant: merchant.id, number: NUMBER, trunk: null }, now);
    return merchant;
  });
}

function readSecrets(file: string): { [name in keyof Secrets]?: string | undefined } {
  try {
    return Secrets.partial().parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // Missing, or torn by a start that was killed: new ones are as good.
    return {};
  }
}

function keepSecrets(file: string): Secrets {
  const kept = readSecrets(file);
  const secrets: Secrets = {
    hanako: kept.hanako ?? newPassword(),
    taro: kept.taro ?? newPassword(),
    keiko: kept.keiko ?? newPassword(),
    akira: kept.akira ?? newPassword(),
    customer: kept.customer ?? newPassword(),
    apiKey: kept.apiKey ?? newApiKey().reveal(),
  };
  if (Object.keys(kept).length < Object.keys(secrets).length) {
    writeFileSync(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return secrets;
}

/** Three times five letters: 70 bits, and easy to type. */
function newPassword(): string {
  return [randomLetters(5), randomLetters(5), randomLetters(5)].join('-');
}
