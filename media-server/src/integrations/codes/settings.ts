import { z } from 'zod';
import { SecretSource } from '../secret-source.ts';
import { ServiceUrl } from '../service-url.ts';

const timeoutMs = z
  .int()
  .min(500)
  .max(10_000)
  .default(8000)
  .describe('Without an answer by then nobody knows whether the text was sent: it goes out once more.');
const caFile = z.string().optional().describe('PEM of the only authority trusted for it; default: those of Node.');

const HttpService = z.strictObject({
  kind: z.literal('http').describe('Any service that takes a text by one POST.'),
  url: ServiceUrl.describe('Where a text is posted.'),
  format: z.enum(['json', 'form']).default('json').describe("The body's form."),
  body: z
    .record(z.string().min(1).max(64), z.string().max(256))
    .default({ to: '{phone}', text: '{text}', id: '{id}' })
    .describe('Its fields. {phone} +8190…, {digits} 8190…, {national} 090…, {text}, {id} (the same for each try).'),
  headers: z.record(z.string().min(1).max(64), z.string().max(256)).default({}).describe('Further headers.'),
  bearer: SecretSource.optional().describe('Token of `Authorization: Bearer`.'),
  basic: z
    .strictObject({ user: z.string().min(1).max(128).describe('User.'), password: SecretSource.describe('Password.') })
    .optional()
    .describe('`Authorization: Basic`.'),
  caFile,
  timeoutMs,
});

const Twilio = z.strictObject({
  kind: z.literal('twilio').describe('Twilio, or a service with the same API.'),
  url: ServiceUrl.default('https://api.twilio.com').describe('Origin of a service with the same API.'),
  account: z
    .string()
    .regex(/^AC[0-9a-f]{32}$/)
    .describe('Account SID.'),
  token: SecretSource.describe('Auth token.'),
  from: z
    .string()
    .min(1)
    .max(34)
    .describe('Sender: a number in E.164, a name, or the SID of a messaging service (MG…).'),
  caFile,
  timeoutMs,
});

const Smpp = z.strictObject({
  kind: z.literal('smpp').describe("A carrier's message centre, SMPP 3.4."),
  host: z.string().min(1).max(253).describe('The SMSC.'),
  port: z.int().min(1).max(65_535).default(2775).describe('Its TCP port.'),
  tls: z.boolean().default(true).describe('TLS; off only in a private network.'),
  caFile,
  systemId: z.string().min(1).max(15).describe('Name to bind with.'),
  password: SecretSource.describe('Password to bind with, at most 8 characters.'),
  systemType: z.string().max(12).default('').describe('System type, where the SMSC wants one.'),
  from: z.string().min(1).max(20).describe('Sender: a number in E.164 or a name of at most 11 letters.'),
  windowSize: z.int().min(1).max(100).default(10).describe('Texts on their way at the same time.'),
  enquireSeconds: z.int().min(1).max(600).default(30).describe('How often the connection is tried.'),
  timeoutMs,
});

const LogOnly = z.strictObject({
  kind: z.literal('log-only').describe('No carrier: for the demo.'),
  url: ServiceUrl.refine((text) => text.startsWith('http:'), "the demo's page is http on loopback")
    .default('http://127.0.0.1:7090/messages')
    .describe("The demo carrier's page, where the text shows on the customer's phone. Only with demo = true."),
});

/** One-time codes: who sends them and how many may go out. */
export const CodeSettings = z.strictObject({
  sender: z
    .discriminatedUnion('kind', [HttpService, Twilio, Smpp, LogOnly])
    .optional()
    .describe('Who sends them, see docs/verification.md; without one nobody can be verified.'),
  validSeconds: z.int().min(60).max(600).default(300).describe('How long a code is good.'),
  perPayment: z.int().min(1).max(3).default(3).describe('Codes in one payment.'),
  betweenSeconds: z.int().min(30).max(300).default(30).describe('Least time between two of them.'),
  perPhoneADay: z.int().min(1).max(20).default(5).describe('Codes to one number within 24 hours.'),
  perAgentADay: z.int().min(1).max(10_000).default(100).describe('Codes by one agent within 24 hours.'),
  perKeyADay: z.int().min(1).max(100_000).default(1000).describe('Codes for one API key within 24 hours.'),
});
export type CodeSettings = z.infer<typeof CodeSettings>;
export type SenderSettings = NonNullable<CodeSettings['sender']>;
