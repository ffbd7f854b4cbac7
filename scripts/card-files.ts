import { isCardHost, readCardHostSettings } from '../media-server/src/card-host-settings.ts';
import { cardFolders, type CardFolders } from '../media-server/src/card-settings.ts';
import { readSettings } from '../media-server/src/settings.ts';

/** Where the card process of a settings file, a server's or a card host's, keeps its ledger and keys. */
export function cardFiles(
  settingsFile: string | undefined,
): Pick<CardFolders, 'ledger' | 'kekFile' | 'fingerprintKeyFile'> {
  if (settingsFile === undefined || !isCardHost(settingsFile)) return cardFolders(readSettings(settingsFile));
  return readCardHostSettings(settingsFile).folders;
}
