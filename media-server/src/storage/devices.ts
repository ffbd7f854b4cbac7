import { createHash } from 'node:crypto';
import { type Id, newId } from '../shared/ids.ts';
import type { Storage } from './storage.ts';
import type { Device } from './tables.ts';

/** What digest authentication needs of a password: hex(H(user:realm:password)) for MD5 and SHA-256 (RFC 8760). */
export function ha1(user: string, realm: string, password: string): { md5: string; sha256: string } {
  const text = `${user}:${realm}:${password}`;
  return {
    md5: createHash('md5').update(text).digest('hex'),
    sha256: createHash('sha256').update(text).digest('hex'),
  };
}

/** Adds a phone's SIP account, or gives an existing one this password and realm. */
export async function putDevice(
  storage: Storage,
  device: { organisation: Id; user: string; realm: string; password: string; mayRegister: boolean },
  now: number,
): Promise<void> {
  const { password, ...facts } = device;
  const row: Device = {
    ...facts,
    ...ha1(device.user, device.realm, password),
    mayRegister: Number(device.mayRegister),
    id: newId(now),
    createdAt: now,
  };
  const { realm, md5, sha256, mayRegister } = row;
  await storage
    .insertInto('devices')
    .values(row)
    .onConflict((conflict) => conflict.column('user').doUpdateSet({ realm, md5, sha256, mayRegister }))
    .execute();
}

/**
 * What the account by this name answers challenges of this realm with; none if its password was set for another realm,
 * whose hash is of no use.
 */
export async function findDevice(
  storage: Storage,
  user: string,
  realm: string,
): Promise<{ md5: string; sha256: string; mayRegister: boolean } | undefined> {
  const row = await storage
    .selectFrom('devices')
    .select(['md5', 'sha256', 'mayRegister'])
    .where('user', '=', user)
    .where('realm', '=', realm)
    .executeTakeFirst();
  return row && { ...row, mayRegister: row.mayRegister === 1 };
}
