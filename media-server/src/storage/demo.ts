import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { z } from 'zod';
import { type Id, randomLetters } from '../shared/ids.ts';
import { Secret } from '../shared/secret.ts';
import { addApiKey, findApiKey, newApiKey, revokeApiKeys } from './api-keys.ts';
import { putDevice } from './devices.ts';
import { addMerchant, addOrganisation, join } from './merchants.ts';
import { addNumber } from './numbers.ts';
import { addPerson, checkPassword, findPersonByName, setPassword } from './people.ts';
import type { Storage } from './storage.ts';
import type { Merchant } from './tables.ts';

const ORGANISATION = 'Tonegate demo';
const MERCHANT = 'Tanaka Foods';
const NUMBER = '+81312345678';
const AGENTS = [
  { name: 'hanako', displayName: 'Yamada Hanako' },
  { name: 'taro', displayName: 'Suzuki Taro' },
] as const;
const DEVICE = 'customer';
const API_KEY = 'demo core system';

const Secrets = z.object({ hanako: z.string(), taro: z.string(), customer: z.string(), apiKey: z.string() });
type Secrets = z.infer<typeof Secrets>;

/** What the demo has to show: for the start's last lines and for tests. */
export interface Demo {
  readonly organisation: Id;
  readonly merchant: Id;
  /** E.164. */
  readonly number: string;
  readonly agents: readonly { readonly id: Id; readonly name: string; readonly password: Secret }[];
  readonly device: { readonly user: string; readonly password: Secret };
  readonly apiKey: Secret;
  /** Where passwords and key are kept, mode 0600. */
  readonly secretsFile: string;
}

/**
 * Makes the demo's organisation, merchant, agents, number, SIP account and API key, or finds them as they are. Passwords
 * are made once and kept in `demo-secrets.json` in `folder`; without that file there are new ones.
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
  const secrets = readSecrets(secretsFile) ?? makeSecrets(secretsFile);
  const merchant = (await findDemoMerchant(storage)) ?? (await makeMerchant(storage, now));

  const agents: Demo['agents'][number][] = [];
  for (const { name, displayName } of AGENTS) {
    const password = secrets[name];
    let person = await findPersonByName(storage, name);
    if (!person) {
      const { organisation } = merchant;
      person = await addPerson(
        storage,
        { organisation, name, displayName, role: 'agent', language: 'ja', password },
        now,
      );
    } else if (!(await checkPassword(storage, name, password))) {
      await setPassword(storage, person.id, password);
    }
    await join(storage, person.id, merchant.id, now);
    agents.push({ id: person.id, name, password: new Secret(password) });
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
  return {
    organisation: merchant.organisation,
    merchant: merchant.id,
    number: NUMBER,
    agents,
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

function readSecrets(file: string): Secrets | undefined {
  try {
    return Secrets.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // Missing, or torn by a start that was killed: new ones are as good.
    return undefined;
  }
}

function makeSecrets(file: string): Secrets {
  const secrets: Secrets = {
    hanako: newPassword(),
    taro: newPassword(),
    customer: newPassword(),
    apiKey: newApiKey().reveal(),
  };
  writeFileSync(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return secrets;
}

/** Three times five letters: 70 bits, and easy to type. */
function newPassword(): string {
  return [randomLetters(5), randomLetters(5), randomLetters(5)].join('-');
}
