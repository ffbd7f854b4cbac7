import { z } from 'zod';

const port = z.int().min(1).max(65_535);

/** A SIP connection to a carrier or SBC, known by its address or by our registration to it. */
export const TrunkSettings = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z-]{0,30}$/)
    .describe('How other settings, the numbers and the logs call it: small letters and dashes.'),
  host: z
    .string()
    .min(1)
    .max(253)
    .describe('Name or address that requests go to; a name is resolved as RFC 3263 says when no port is given.'),
  port: port.optional().describe('Port of the host; default: what DNS says, else 5060, with TLS 5061.'),
  transport: z.enum(['udp', 'tcp', 'tls']).default('udp').describe('How requests are sent to it.'),
  from: z
    .array(z.union([z.cidrv4(), z.cidrv6()]))
    .max(64)
    .optional()
    .describe('Source addresses that are this trunk and need no password; default: what the host resolves to.'),
  register: z
    .strictObject({
      user: z.string().min(1).max(64).describe('Our account at the carrier.'),
      passwordFile: z.string().describe('File that holds its password.'),
      expires: z.int().min(60).max(7200).default(3600).describe('Seconds that we register for.'),
    })
    .optional()
    .describe('Our account there: registers with the carrier, and answers its challenges.'),
  optionsEvery: z
    .int()
    .min(0)
    .max(600)
    .default(30)
    .describe('Seconds between OPTIONS, by which its health is known; 0: none.'),
  mediaAddress: z
    .union([z.ipv4(), z.ipv6()])
    .optional()
    .describe('Address announced to this trunk in SDP, if another than media.announced.'),
  largeByTcp: z
    .boolean()
    .default(false)
    .describe('Requests above 1300 bytes go by TCP (RFC 3261 §18.1.1) although the trunk is UDP.'),
  countryCode: z
    .string()
    .regex(/^[1-9]\d{0,2}$/)
    .optional()
    .describe('Country code that stands for a leading 0 of a dialled number where the format is e164, e.g. 81.'),
  numberFormat: z
    .enum(['e164', 'as-dialled'])
    .default('as-dialled')
    .describe('How a dialled number is written in the request URI.'),
});
export type TrunkSettings = z.infer<typeof TrunkSettings>;

/** Settings of the SIP server. */
export const SipSettings = z.strictObject({
  domain: z
    .string()
    .min(1)
    .max(253)
    .default('tonegate.local')
    .describe(
      'Realm of our digest challenges and host of our addresses. Changing it makes stored SIP passwords useless.',
    ),
  digest: z
    .enum(['md5', 'md5-and-sha256'])
    .default('md5')
    .describe(
      'What passwords are challenged with. Many phones give up at a challenge that also names SHA-256 (RFC 8760), though it comes second.',
    ),
  bind: z.union([z.ipv4(), z.ipv6()]).default('0.0.0.0').describe('Local address of SIP.'),
  udpPort: port.default(5060).describe('Port of SIP over UDP.'),
  tcpPort: port.default(5060).describe('Port of SIP over TCP.'),
  tlsPort: port.default(5061).describe('Port of SIP over TLS, with the certificate of HTTPS.'),
  publicAddress: z
    .string()
    .max(253)
    .optional()
    .describe("Address written in Via and Contact; default: the bound one, or this machine's first."),
  trunks: z.array(TrunkSettings).max(100).default([]).describe('Carriers, see the table below.'),
  limits: z
    .strictObject({
      messageBytes: z.int().min(1024).max(262_144).default(65_536).describe('Bytes of one message.'),
      headers: z.int().min(16).max(512).default(128).describe('Header lines of one message.'),
      lineBytes: z.int().min(256).max(65_536).default(8192).describe('Bytes of one header line.'),
      transactions: z
        .int()
        .min(10)
        .max(100_000)
        .default(10_000)
        .describe('Open transactions; further requests get 503.'),
      dialogs: z.int().min(10).max(100_000).default(4000).describe('Dialogs; further INVITEs get 503.'),
      connections: z
        .int()
        .min(1)
        .max(100_000)
        .default(4000)
        .describe('TCP, TLS and WebSocket connections; further ones are closed.'),
      connectionsPerSource: z
        .int()
        .min(1)
        .max(100_000)
        .default(1000)
        .describe('Of these, connections from one address (loopback excepted): one stranger must not take them all.'),
      perSourcePerSecond: z
        .int()
        .min(1)
        .max(100_000)
        .default(200)
        .describe('Messages a second, and as many in a burst, from one address that is no trunk; more are dropped.'),
    })
    .prefault({}),
  sessionExpires: z
    .int()
    .min(90)
    .max(86_400)
    .default(1800)
    .describe('Session timer (RFC 4028) that we ask for, seconds.'),
  minSessionExpires: z
    .int()
    .min(90)
    .max(86_400)
    .default(90)
    .describe('The shortest session timer that we take, seconds; less gets 422.'),
});
export type SipSettings = z.infer<typeof SipSettings>;
