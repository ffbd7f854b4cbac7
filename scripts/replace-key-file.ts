import { closeSync, fchownSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { keyFileText } from '../media-server/src/cde/vault/key-file.ts';

/** Writes a key file anew (0600), whole or not at all: the card process may read it at this moment. It stays its owner's. */
export function replaceKeyFile(file: string, keys: Parameters<typeof keyFileText>[0]['keys']): void {
  const { uid, gid } = statSync(file);
  rmSync(`${file}.new`, { force: true });
  // Made anew: in the card process's own folder no link of that user's is followed.
  const handle = openSync(`${file}.new`, 'wx', 0o600);
  fchownSync(handle, uid, gid);
  writeSync(handle, keyFileText({ keys }));
  fsyncSync(handle);
  closeSync(handle);
  renameSync(`${file}.new`, file);
}
