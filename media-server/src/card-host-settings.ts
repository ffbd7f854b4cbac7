import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { SERVER_NAME } from './card-certificates.ts';
import { type CardFolders, cardFolders, cardGateway, cardSettings } from './card-settings.ts';
import { gatewaySettings } from './cde/gateways/gateway-settings.ts';
import { CardSettings } from './cde/settings.ts';
import { CARD_PORT, CARD_RULES, CARD_USER, checkPorts, RTP_PORTS, SettingsError, wrongSettings } from './settings.ts';
import { LOG_LEVELS } from './shared/logger.ts';

const ip = z.union([z.ipv4(), z.ipv6()]);

/** All settings of a card process on a host of its own, which `npm run card` starts. Secrets are files, never values. */
export const CardHostSettings = z.strictObject({
  dataFolder: z.string().describe("Folder of the ledger and the keys of merchants' credentials; made if missing."),
  logLevel: z.enum(LOG_LEVELS).default('info').describe('Least level that is logged, to standard output.'),
  user: CARD_USER.describe('User that it is started as, where npm run card runs as root.'),
  listen: z
    .strictObject({
      address: ip.describe('Local address on which the server connects.'),
      port: z.int().min(1).max(65_535).default(CARD_PORT).describe('Its port, TLS 1.3.'),
      serverName: z
        .string()
        .min(1)
        .max(253)
        .default(SERVER_NAME)
        .describe("A name that the server's certificate has to have."),
      certFile: z.string().describe("This host's certificate, PEM. Reloaded by SIGHUP, as are the next two."),
      keyFile: z.string().describe('PEM key of certFile.'),
      caFile: z.string().describe("The only authority whose certificate of the server's is taken, PEM."),
    })
    .describe('Where the server connects.'),
  media: z
    .strictObject({
      bind: ip.describe("Local address of customers' RTP."),
      announced: ip.optional().describe('The address that customers are told, when it is another (NAT).'),
      rtpPorts: RTP_PORTS,
      sfu: z
        .strictObject({
          ip: ip.optional().describe('Local address of sound with the server, SRTP; default: that of bind.'),
          ports: z
            .strictObject({
              min: z.int().min(1024).max(65_534).default(45_000).describe('First port.'),
              max: z.int().min(1025).max(65_535).default(46_999).describe('Last port.'),
            })
            .prefault({})
            .describe('UDP ports, one for each call.'),
        })
        .prefault({}),
    })
    .describe('Sound.'),
  card: z.strictObject(CARD_RULES).prefault({}),
  gateway: gatewaySettings(z.string(), z.string().optional()).describe('The payment service, see docs/gateways.md.'),
});
export type CardHostSettings = z.infer<typeof CardHostSettings>;

interface CardHostParts {
  readonly settings: CardSettings;
  readonly folders: CardFolders;
  readonly user?: string;
}

/** Whether a settings file is a card host's. */
export function isCardHost(file: string): boolean {
  try {
    return 'listen' in (JSON.parse(readFileSync(file, 'utf8')) as object);
  } catch {
    return false;
  }
}

/**
 * Reads a card host's settings file (JSON) into the card process's own.
 *
 * @throws SettingsError naming each wrong setting, its value and what would be right
 */
export function readCardHostSettings(file: string): CardHostParts {
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new SettingsError(`the settings file ${file} can't be read: ${(cause as Error).message}`);
  }
  const parsed = CardHostSettings.safeParse(raw);
  if (!parsed.success) throw wrongSettings(raw, parsed.error, file);
  const { dataFolder, logLevel, listen, media, card, gateway, user } = parsed.data;
  checkPorts('media.rtpPorts', media.rtpPorts);
  checkPorts('media.sfu.ports', media.sfu.ports);
  const announced = media.announced ?? media.bind;
  const sfuIp = media.sfu.ip ?? media.bind;
  for (const [name, address] of [
    ['media.announced', announced],
    ['media.sfu.ip', sfuIp],
  ] as const) {
    if (address === '0.0.0.0' || address === '::')
      throw new SettingsError(`wrong settings in ${file}:\n  ${name}: has to be named where media.bind is ${address}`);
  }
  // A folder of its own makes what is beside the ledger lie in it.
  const parts = {
    dataFolder,
    logLevel,
    gateway,
    rtpPorts: media.rtpPorts,
    card: { ...card, folder: dataFolder, ...(user !== undefined && { user }) },
  };
  const { address, certFile, keyFile, caFile, ...to } = listen;
  const settings: CardSettings = {
    ...cardSettings(parts, cardGateway(gateway)),
    remote: {
      listen: {
        ip: address,
        ...to,
        certFile: path.resolve(certFile),
        keyFile: path.resolve(keyFile),
        caFile: path.resolve(caFile),
      },
      bind: media.bind,
      announced,
      sfu: { ip: sfuIp, ports: media.sfu.ports },
    },
  };
  return { settings, folders: cardFolders(parts), ...(user !== undefined && { user }) };
}
