import { generateKeyPairSync } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { RecordSigner } from '../shared/signed-chain.ts';

/**
 * The key that receipts are signed with: as it stands in `file` (PKCS#8 PEM, mode 0600), or made there at first. Two
 * processes that start at once get the same one. Keep a copy of its public half elsewhere: who holds this file can sign.
 * @throws Error that names the file where it can't be read or holds no Ed25519 key
 */
export function receiptSigner(file: string): RecordSigner {
  const read = (): string | undefined => {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new Error(`The receipt key ${file} can't be read (${(error as NodeJS.ErrnoException).code})`);
    }
  };
  const pem = read() ?? make(file, read);
  try {
    return new RecordSigner(pem);
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`);
  }
}

function make(file: string, read: () => string | undefined): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  const own = `${file}.${process.pid}`;
  writeFileSync(own, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  try {
    // A link is made whole or not at all, and never over one that is there.
    linkSync(own, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(own);
  }
  const made = read();
  if (made === undefined) throw new Error(`The receipt key ${file} can't be made`);
  return made;
}
