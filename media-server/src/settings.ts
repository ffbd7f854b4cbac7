import { readFileSync } from 'node:fs';
import { availableParallelism, networkInterfaces } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { gatewaySettings } from './cde/gateways/gateway-settings.ts';
import { CodeSettings } from './integrations/codes/settings.ts';
import { WebhookSettings } from './integrations/webhooks/settings.ts';
import { LOG_LEVELS } from './shared/logger.ts';
import { SipSettings } from './sip/settings.ts';

const port = z.int().min(1).max(65_535);
const ip = z.union([z.ipv4(), z.ipv6()]);

/** What the card process goes by, wherever it runs. */
export const CARD_RULES = {
  threads: z.int().min(1).max(64).default(availableParallelism()).describe('Gate threads of the card process.'),
  lookupDelaysMs: z
    .array(z.int().min(10))
    .min(1)
    .max(20)
    .default([2000, 5000, 15_000, 60_000, 300_000, 3_600_000])
    .describe('When an unknown result is looked up again.'),
  reverseAfterSeconds: z
    .number()
    .min(0.1)
    .max(86_400)
    .default(600)
    .describe('Money that nobody was told of is given back after this.'),
  absentAgainAfterSeconds: z
    .number()
    .min(0.01)
    .max(3600)
    .default(120)
    .describe("An attempt the gateway doesn't know is looked up again after this before it counts as not executed."),
  firstKeySeconds: z
    .number()
    .min(0.5)
    .max(120)
    .default(12)
    .describe('Silence after a question before it is asked again.'),
  nextKeySeconds: z
    .number()
    .min(0.5)
    .max(120)
    .default(8)
    .describe('Silence between two keys before the field is asked again.'),
  totalSeconds: z.number().min(1).max(1800).default(300).describe("A whole payment, without the gateway's time."),
  mistakesPerField: z.int().min(1).max(9).default(3).describe('The mistake with this number ends the payment.'),
  moreTimeSeconds: z.number().min(1).max(600).default(60).describe('What the agent’s “more time” adds.'),
  moreTimes: z.int().min(0).max(20).default(3).describe('How often the agent may give more time in a payment.'),
  kekFile: z
    .string()
    .optional()
    .describe(
      "File of the keys that merchants' own gateway credentials are sealed under (0600), see docs/gateways.md; default: gateway-keys.json in dataFolder, or in card.folder's keys/ where that is set; made at the first start. Reloaded by SIGHUP.",
    ),
  packetCapture: z
    .enum(['refuse', 'report'])
    .default('refuse')
    .describe(
      'While a program on this machine captures all packets (tcpdump, but also some DHCP clients): the card process doesn’t start, or starts and says so at /healthz.',
    ),
  fingerprintKeyFile: z
    .string()
    .optional()
    .describe(
      'File of the keys of card fingerprints (0600), see docs/security.md; default: fingerprint-keys.json, beside the default of kekFile; made at the first start. Reloaded by SIGHUP.',
    ),
};

/** UDP ports of customers' RTP. */
export const RTP_PORTS = z
  .strictObject({
    min: z.int().min(1024).max(65_534).default(40_000).describe('First port.'),
    max: z.int().min(1025).max(65_535).default(43_999).describe('Last port.'),
  })
  .prefault({})
  .describe("UDP ports of customers' RTP (even) and RTCP (odd).");

/** A user's name. */
export const CARD_USER = z
  .string()
  .regex(/^[a-z_][a-z0-9_-]{0,31}$/)
  .optional();

/** Standard port of a card process on another host. */
export const CARD_PORT = 7600;

const cardRemote = z
  .strictObject({
    host: z.string().min(1).max(253).describe('Name or address of the card host.'),
    port: port.default(CARD_PORT).describe('Its TLS port.'),
    name: z.string().min(1).max(253).default('tonegate-card').describe('A name that its certificate has to have.'),
    certFile: z.string().describe("This server's certificate, PEM; read anew at each connection."),
    keyFile: z.string().describe('PEM key of certFile.'),
    caFile: z.string().describe("The only authority whose certificate of the card host's is taken, PEM."),
    media: z
      .strictObject({
        ip: ip.describe("Local address of the media workers' ports for the card host, SRTP."),
        announced: ip.optional().describe('The address that the card host sends to, when it is another (NAT).'),
        ports: z
          .strictObject({
            min: z.int().min(1024).max(65_534).default(45_000).describe('First port.'),
            max: z.int().min(1025).max(65_535).default(46_999).describe('Last port.'),
          })
          .prefault({})
          .describe('UDP ports, one for each call.'),
      })
      .describe('Sound between here and the card host.'),
  })
  .describe('A card process on another host, see docs/operations.md.');

/** All settings of the media-server, with their defaults: `docs/settings.md` is made of this. Secrets are files, never values. */
export const Settings = z.strictObject({
  dataFolder: z
    .string()
    .default('data')
    .describe('Folder of databases, certificates and secrets; made if missing (0700).'),
  logLevel: z.enum(LOG_LEVELS).default('info').describe('Least level that is logged. Reloaded by SIGHUP.'),
  demo: z
    .boolean()
    .default(false)
    .describe(
      'A demo organisation, and calls without credentials from loopback and private addresses. Never for production.',
    ),
  http: z
    .strictObject({
      bind: ip.default('0.0.0.0').describe('Address of HTTPS and WSS.'),
      port: port.default(7443).describe('Port of HTTPS and WSS.'),
      loopbackPort: z.int().min(0).max(65_535).default(7080).describe('Port of plain HTTP on 127.0.0.1 only; 0: none.'),
      hosts: z
        .array(z.string().min(1).max(253))
        .max(32)
        .default([])
        .describe('Further names and addresses this server is reached by: they stand in the development certificate.'),
      certFile: z
        .string()
        .optional()
        .describe(
          'PEM certificate chain; without it the development authority in dataFolder makes one. Reloaded by SIGHUP.',
        ),
      keyFile: z.string().optional().describe('PEM key of certFile.'),
    })
    .prefault({}),
  sip: SipSettings.prefault({}).describe('The SIP server.'),
  media: z
    .strictObject({
      workers: z
        .int()
        .min(1)
        .max(128)
        .default(availableParallelism())
        .describe('mediasoup workers; default: one a core.'),
      workerBin: z.string().optional().describe("mediasoup's worker binary; default: what the set-up found."),
      webRtcPort: z
        .int()
        .min(1)
        .max(65_000)
        .default(44_400)
        .describe("Agents' media comes to this port + the worker's index, UDP and TCP."),
      bind: ip.default('0.0.0.0').describe("Local address of customers' RTP."),
      listen: z
        .array(ip)
        .max(16)
        .optional()
        .describe("Local addresses of agents' media; default: loopback and every address of this machine."),
      announced: ip
        .optional()
        .describe("Public address announced in SDP and ICE, when it is not this machine's own (NAT)."),
      rtpPorts: RTP_PORTS,
    })
    .prefault({}),
  calls: z
    .strictObject({
      limit: z.int().min(1).max(10_000).default(400).describe('Calls at the same time; further ones get 503.'),
      awaitAgentSeconds: z
        .int()
        .min(1)
        .max(600)
        .default(30)
        .describe("How long an agent's reloaded window is awaited."),
      queueSeconds: z
        .int()
        .min(1)
        .max(3600)
        .default(120)
        .describe('How long a customer whose agent is gone waits for another.'),
      nobody: z
        .enum(['announce', 'busy'])
        .default('announce')
        .describe('A call that nobody takes: a spoken message, or busy.'),
      outgoingTrunk: z.string().optional().describe('Name of the trunk for outgoing calls; default: the first.'),
    })
    .prefault({}),
  card: z
    .strictObject({
      ...CARD_RULES,
      user: CARD_USER.describe(
        'User that the card process is started as, where the server runs as root; needs card.folder. See docs/operations.md.',
      ),
      folder: z
        .string()
        .optional()
        .describe("Folder of the card process's socket, ledger and log; default: card in dataFolder."),
      remote: cardRemote.optional(),
    })
    .prefault({}),
  gateway: gatewaySettings(z.string(), z.string().optional())
    .prefault({})
    .describe('The payment service. docs/gateways.md says what each kind can do and needs.'),
  codes: CodeSettings.prefault({}).describe('One-time codes, see docs/verification.md.'),
  webhooks: z
    .array(WebhookSettings)
    .max(1000)
    .default([])
    .describe('Systems of merchants that are told of outcomes, see docs/api.md.'),
  canary: z
    .strictObject({
      everyMinutes: z
        .int()
        .min(0)
        .max(1440)
        .default(60)
        .describe(
          'Minutes between rounds of the leak canary’s calls, which prove the wall by every trunk and way of keys; 0: none.',
        ),
    })
    .prefault({}),
  retention: z
    .strictObject({
      callsDays: z.int().min(0).max(36_500).default(0).describe('How long calls are kept; 0: for ever.'),
      paymentsDays: z
        .int()
        .min(0)
        .max(36_500)
        .default(0)
        .describe('How long payments are kept that are settled; 0: for ever. Receipts stay.'),
      auditDays: z
        .int()
        .min(0)
        .max(36_500)
        .default(0)
        .describe('How long the audit is kept; 0: for ever. PCI DSS 10.5.1 wants a year.'),
    })
    .prefault({})
    .describe('What is older is erased at the start and daily, see docs/operations.md.'),
  funnel: z
    .strictObject({
      keepDays: z
        .int()
        .min(1)
        .max(3650)
        .default(400)
        .describe('How long the steps of payments are kept, for the drop-off funnel.'),
    })
    .prefault({}),
});
export type Settings = z.infer<typeof Settings>;

/** Unix socket paths are limited to 107 bytes on Linux; `card/card.sock` comes on top. */
const DATA_FOLDER_LIMIT = 85;

/** What is wrong with a setting, in words that name it: the start ends with this. */
export class SettingsError extends Error {}

/**
 * Reads a settings file (JSON), or the defaults without one.
 *
 * @throws SettingsError naming each wrong setting, its value and what would be right.
 */
export function readSettings(file: string | undefined): Settings {
  let raw: unknown = {};
  if (file !== undefined) {
    try {
      raw = JSON.parse(readFileSync(file, 'utf8'));
    } catch (cause) {
      throw new SettingsError(`the settings file ${file} can't be read: ${(cause as Error).message}`);
    }
  }
  const parsed = Settings.safeParse(raw);
  if (!parsed.success) throw wrongSettings(raw, parsed.error, file);
  const settings = parsed.data;
  checkPorts('media.rtpPorts', settings.media.rtpPorts);
  if (settings.card.remote) checkPorts('card.remote.media.ports', settings.card.remote.media.ports);
  if ((settings.http.certFile === undefined) !== (settings.http.keyFile === undefined)) {
    throw new SettingsError('wrong settings:\n  http.certFile and http.keyFile: give both, or neither');
  }
  const trunk = settings.calls.outgoingTrunk;
  if (trunk !== undefined && !settings.sip.trunks.some(({ name }) => name === trunk)) {
    throw new SettingsError(
      `wrong settings:\n  calls.outgoingTrunk = "${trunk}": no trunk in sip.trunks has this name`,
    );
  }
  const merchants = settings.webhooks.map(({ merchant }) => merchant);
  if (new Set(merchants).size < merchants.length) {
    throw new SettingsError('wrong settings:\n  webhooks: one merchant has two; give each at most one');
  }
  if (settings.codes.sender?.kind === 'log-only' && !settings.demo) {
    throw new SettingsError('wrong settings:\n  codes.sender.kind = "log-only": only with demo = true');
  }
  const dataFolder = path.resolve(settings.dataFolder);
  if (dataFolder.length > DATA_FOLDER_LIMIT) {
    throw new SettingsError(
      `wrong settings:\n  dataFolder = "${dataFolder}": at most ${DATA_FOLDER_LIMIT} characters (it holds a Unix socket)`,
    );
  }
  const { user, folder, remote } = settings.card;
  if (remote && (user !== undefined || folder !== undefined)) {
    throw new SettingsError(
      'wrong settings:\n  card.user and card.folder: the card process of card.remote has these on its own host',
    );
  }
  if (user !== undefined && (folder === undefined || isWithin(dataFolder, path.resolve(folder)))) {
    throw new SettingsError(
      `wrong settings:\n  card.folder = ${shown(settings, ['card', 'folder'])}: with card.user it has to be outside of dataFolder, which that user can't read`,
    );
  }
  return { ...settings, dataFolder };
}

/** Names each wrong setting, its value and what would be right. */
export function wrongSettings(raw: unknown, { issues }: z.ZodError, file: string | undefined): SettingsError {
  const lines = issues.map(
    (issue) => `  ${issue.path.join('.') || '(all)'} = ${shown(raw, issue.path)}: ${issue.message}`,
  );
  return new SettingsError(`wrong settings${file ? ` in ${file}` : ''}:\n${lines.join('\n')}\nSee docs/settings.md.`);
}

/** @throws SettingsError where a range is too small for a call, or the wrong way round */
export function checkPorts(name: string, { min, max }: { readonly min: number; readonly max: number }): void {
  if (max - min < 3) throw new SettingsError(`wrong settings:\n  ${name} = ${min}–${max}: needs at least four ports`);
}

function isWithin(folder: string, inner: string): boolean {
  return inner === folder || inner.startsWith(`${folder}${path.sep}`);
}

/** A wrong value as it stands in the file; long ones cut. */
function shown(raw: unknown, keys: readonly PropertyKey[]): string {
  let value: unknown = raw;
  for (const key of keys) value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
  const text = JSON.stringify(value) ?? '(missing)';
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** This machine's addresses that others reach it by, IPv4 first. */
export function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => !address.internal && !address.address.startsWith('fe80'))
    .sort((a, b) => a.family.localeCompare(b.family))
    .map(({ address }) => address);
}
