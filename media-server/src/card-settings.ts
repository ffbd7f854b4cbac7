import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { CardOwner } from './card-link/launch.ts';
import type { CardSettings } from './cde/settings.ts';
import { type Settings, SettingsError } from './settings.ts';

/** What of the settings the card process's own are made of. */
export type CardParts = Pick<Settings, 'dataFolder' | 'logLevel' | 'gateway'> & {
  readonly card: Omit<Settings['card'], 'remote'>;
  readonly rtpPorts: CardSettings['rtpPorts'];
};

/** Where the card process keeps its files. As a user of its own it owns folders in there, and never the folder itself. */
export interface CardFolders {
  readonly folder: string;
  readonly socket: string;
  readonly ledger: string;
  readonly kekFile: string;
  readonly fingerprintKeyFile: string;
}

export function cardFolders({ card, dataFolder }: Pick<CardParts, 'card' | 'dataFolder'>): CardFolders {
  const folder = path.resolve(card.folder ?? path.join(dataFolder, 'card'));
  const keys = card.folder === undefined ? dataFolder : path.join(folder, 'keys');
  return {
    folder,
    socket: path.join(folder, card.user === undefined ? 'card.sock' : 'run/card.sock'),
    ledger: path.join(folder, 'ledger'),
    kekFile: path.resolve(card.kekFile ?? path.join(keys, 'gateway-keys.json')),
    fingerprintKeyFile: path.resolve(card.fingerprintKeyFile ?? path.join(keys, 'fingerprint-keys.json')),
  };
}

export function cardSettings(parts: CardParts, gateway: CardSettings['gateway']): CardSettings {
  const { card, logLevel, rtpPorts } = parts;
  const { folder, socket, ledger, kekFile, fingerprintKeyFile } = cardFolders(parts);
  return {
    socket,
    ledgerFolder: ledger,
    kekFile,
    fingerprintKeyFile,
    packetCapture: card.packetCapture,
    logFile: path.join(folder, 'card.log'),
    logLevel,
    rtpPorts,
    threads: card.threads,
    gateway,
    lookupDelaysMs: card.lookupDelaysMs,
    reverseAfterMs: Math.round(card.reverseAfterSeconds * 1000),
    absentAgainAfterMs: Math.round(card.absentAgainAfterSeconds * 1000),
    dialogue: {
      firstKeyMs: Math.round(card.firstKeySeconds * 1000),
      nextKeyMs: Math.round(card.nextKeySeconds * 1000),
      totalMs: Math.round(card.totalSeconds * 1000),
      mistakesPerField: card.mistakesPerField,
      moreTimeMs: card.moreTimeSeconds * 1000,
      moreTimes: card.moreTimes,
    },
  };
}

/** The gateway with absolute paths; `practice` has the practice service's, where the settings name none. */
export function cardGateway(
  gateway: Settings['gateway'],
  practice?: { readonly caFile: string; readonly keyFile: string },
): CardSettings['gateway'] {
  const given = gateway.kind === 'sandbox' ? { ...practice, ...gateway } : gateway;
  if (given.kind === 'sandbox' && (given.caFile === undefined || given.keyFile === undefined))
    throw new SettingsError('wrong settings:\n  gateway.caFile and gateway.keyFile: name both');
  const files = Object.entries(given).map(([name, value]) =>
    name.endsWith('File') && typeof value === 'string' ? [name, path.resolve(value)] : [name, value],
  );
  return Object.fromEntries(files) as CardSettings['gateway'];
}

/**
 * The user that `card.user` names, or undefined where the card process can't be started as another: its absence is among
 * what confines it not.
 *
 * @param folder the card process's, which that user has to get to
 * @throws SettingsError where there is no such user, it is root, or the way to the folder is closed to it
 */
export function cardOwner(user: string | undefined, folder: string): CardOwner | undefined {
  if (user === undefined || process.getuid?.() !== 0) return undefined;
  const owner = { uid: idOf('-u', user), gid: idOf('-g', user) };
  if (owner.uid === 0)
    throw new SettingsError(`wrong settings:\n  card.user = "${user}": has to be another user than root`);
  for (let above = path.dirname(folder); above !== path.dirname(above); above = path.dirname(above)) {
    if (existsSync(above) && !mayPass(above, owner))
      throw new SettingsError(
        `wrong settings:\n  card.folder = "${folder}": ${user} can't get there, ${above} is closed to it`,
      );
  }
  return owner;
}

function mayPass(folder: string, { uid, gid }: CardOwner): boolean {
  const found = statSync(folder);
  if (found.uid === uid) return (found.mode & 0o100) !== 0;
  return (found.mode & (found.gid === gid ? 0o010 : 0o001)) !== 0;
}

function idOf(what: '-u' | '-g', user: string): number {
  try {
    return Number(execFileSync('id', [what, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim());
  } catch {
    throw new SettingsError(
      `wrong settings:\n  card.user = "${user}": there is no such user here; useradd --system --no-create-home ${user}`,
    );
  }
}
