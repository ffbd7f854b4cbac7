import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { keyFileText } from '../media-server/src/cde/vault/key-file.ts';

/** Writes a key file anew (0600), whole or not at all: the card process may read it at this moment. */
export function replaceKeyFile(file: string, keys: Parameters<typeof keyFileText>[0]['keys']): void {
  const handle = openSync(`${file}.new`, 'w', 0o600);
  writeSync(handle, keyFileText({ keys }));
  fsyncSync(handle);
  closeSync(handle);
  renameSync(`${file}.new`, file);
}
