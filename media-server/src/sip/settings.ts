import { z } from 'zod';

const port = z.int().min(1).max(65_535);

/** A SIP connection to a carrier or SBC, known by its address or by our registration to it. */
export const TrunkSettings = z.strictObject({
  name: z.string().regex(/^[a-z][a-z-]{0,30}$/),
  /** Host (name or address) requests go to; names are resolved as RFC 3263 says when no port is given. */
  host: z.string().min(1).max(253),
  port: port.optional(),
  transport: z.enum(['udp', 'tcp', 'tls']).default('udp'),
  /** Source addresses that are this trunk, as CIDR; default: what `host` resolves to. */
  from: z
    .array(z.union([z.cidrv4(), z.cidrv6()]))
    .max(64)
    .optional(),
  /** Our account there: register every `expires` seconds, and answer its challenges. */
  register: z
    .strictObject({
      user: z.string().min(1).max(64),
      passwordFile: z.string(),
      expires: z.int().min(60).max(7200).default(3600),
    })
    .optional(),
  /** Seconds between OPTIONS; 0: never. */
  optionsEvery: z.int().min(0).max(600).default(30),
  /** Address announced to this trunk in SDP, if another than the media address. */
  mediaAddress: z.union([z.ipv4(), z.ipv6()]).optional(),
  /** Send requests above 1300 bytes by TCP (RFC 3261 §18.1.1) although the trunk is UDP. */
  largeByTcp: z.boolean().default(false),
  /** Country code that stands for a leading 0 of a dialled number where the format is e164, e.g. 81. */
  countryCode: z
    .string()
    .regex(/^[1-9]\d{0,2}$/)
    .optional(),
  /** How a dialled number is written in the request URI. */
  numberFormat: z.enum(['e164', 'as-dialled']).default('as-dialled'),
});
export type TrunkSettings = z.infer<typeof TrunkSettings>;

/** Settings of the SIP server. */
export const SipSettings = z.strictObject({
  /** Realm of our digest challenges and host of our addresses of record. */
  domain: z.string().min(1).max(253).default('tonegate.local'),
  bind: z.union([z.ipv4(), z.ipv6()]).default('0.0.0.0'),
  udpPort: port.default(5060),
  tcpPort: port.default(5060),
  /** TLS is on when certificate files are there (ours or the development CA's). */
  tlsPort: port.default(5061),
  /** Address written in Via and Contact; default: the bound address, or this machine's first one. */
  publicAddress: z.string().max(253).optional(),
  trunks: z.array(TrunkSettings).max(100).default([]),
  limits: z
    .strictObject({
      messageBytes: z.int().min(1024).max(262_144).default(65_536),
      headers: z.int().min(16).max(512).default(128),
      lineBytes: z.int().min(256).max(65_536).default(8192),
      transactions: z.int().min(10).max(100_000).default(10_000),
      dialogs: z.int().min(10).max(100_000).default(4000),
      connections: z.int().min(1).max(100_000).default(4000),
      /** Messages a second and burst from one source address that is no trunk. */
      perSourcePerSecond: z.int().min(1).max(100_000).default(200),
    })
    .prefault({}),
  /** Session timers (RFC 4028): what we ask for, and the least we take, seconds. */
  sessionExpires: z.int().min(90).max(86_400).default(1800),
  minSessionExpires: z.int().min(90).max(86_400).default(90),
});
export type SipSettings = z.infer<typeof SipSettings>;
