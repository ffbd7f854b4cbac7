import { z } from 'zod';
import { CURRENCIES } from '../../shared/money.ts';
import { Secret } from '../../shared/secret.ts';
import { MONEY_ACTIONS, PURPOSES } from '../contract.ts';

const httpsUrl = z.url({ protocol: /^https$/ });
const visible = z.string().regex(/^[\x21-\x7e]{1,300}$/, 'has to be 1–300 visible ASCII characters');
const secret = visible.transform((text) => new Secret(text));
const name = z.string().min(1);

/** What a gateway of a kind is told besides its secrets. */
const PLAIN = {
  sandbox: {
    url: httpsUrl.default('https://127.0.0.1:7070').describe('The practice payment service.'),
    twoSteps: z
      .boolean()
      .optional()
      .describe('Makes the transaction first and sends the card then, as some services want it.'),
  },
  http: {
    url: httpsUrl.describe('Below which `attempts/…` of docs/openapi/http-adapter.yaml lies.'),
    currencies: z
      .array(z.enum(CURRENCIES))
      .min(1)
      .max(4)
      .optional()
      .describe('Currencies that it takes; default: all.'),
    purposes: z
      .array(z.enum(PURPOSES).exclude(['verify']))
      .min(1)
      .max(4)
      .optional()
      .describe('What it can be asked for; default: `charge` only.'),
    actions: z
      .array(z.enum(MONEY_ACTIONS))
      .max(3)
      .optional()
      .describe('What it can do with earlier payments; default: none.'),
    partial: z.array(z.enum(MONEY_ACTIONS)).max(3).optional().describe('Those of `actions` that it can do in part.'),
  },
  'gmo-openapi': {
    url: httpsUrl
      .default('https://openapi.mul-pay.jp')
      .describe('Earnest; to practise `https://stg.openapi.mul-pay.jp`.'),
    shopId: visible.describe('Shop ID.'),
    merchant: z
      .strictObject({
        name: name.max(30).describe('Shop name.'),
        nameKana: z
          .string()
          .regex(/^[ァ-ヶー　]+$/)
          .describe('In full-width katakana.'),
        nameAlphabet: z
          .string()
          .max(25)
          .regex(/^[a-zA-Z0-9 ,-/]+$/)
          .describe('In Latin letters.'),
        nameShort: name.max(30).describe('Short name.'),
        contactName: name.max(42).describe('Who answers questions about payments.'),
        contactEmail: z
          .string()
          .max(254)
          .regex(/^[^\s@]+@[^\s@]+$/)
          .describe('Their address.'),
        contactPhone: z
          .string()
          .max(13)
          .regex(/^[0-9-]+$/)
          .describe('Their number.'),
        contactOpeningHours: z
          .string()
          .regex(/^([0-1]?[0-9]|2[0-3]):[0-5][0-9]-([0-1]?[0-9]|2[0-3]):[0-5][0-9]$/)
          .describe('As `10:00-18:00`.'),
      })
      .describe('The shop as card companies show it to cardholders: GMO-PG requires it of every payment.'),
  },
  'gmo-idpass': {
    url: httpsUrl.default('https://p01.mul-pay.jp').describe('Earnest; to practise `https://pt01.mul-pay.jp`.'),
    shopId: visible.describe('Shop ID.'),
    siteId: visible.optional().describe('Site ID, for stored cards.'),
  },
  stripe: { url: httpsUrl.default('https://api.stripe.com').describe('Practice and earnest differ by the key.') },
  komoju: { url: httpsUrl.default('https://komoju.com').describe('Practice and earnest differ by the key.') },
} as const;

/** Of every kind: how it is reached. */
const ROUTE = {
  /** PEM of the only authorities that are trusted for it. */
  ca: z.string().max(100_000).optional(),
  proxy: z
    .string()
    .regex(/^http:\/\/[\x21-\x7e]{1,200}$/, 'has to be http://[user:password@]host:port')
    .transform((text) => new Secret(text))
    .optional(),
};

/** A gateway with its secrets, as they are entered for a merchant. Parsing wraps each secret. */
export const GatewayCredentials = z.discriminatedUnion('kind', [
  // The practice service has a certificate of its own authority, always.
  z.strictObject({ kind: z.literal('sandbox'), ...PLAIN.sandbox, key: secret, ca: z.string().max(100_000) }),
  z.strictObject({ kind: z.literal('http'), ...PLAIN.http, key: secret, ...ROUTE }),
  z.strictObject({ kind: z.literal('gmo-openapi'), ...PLAIN['gmo-openapi'], shopPass: secret, ...ROUTE }),
  z
    .strictObject({
      kind: z.literal('gmo-idpass'),
      ...PLAIN['gmo-idpass'],
      shopPass: secret,
      sitePass: secret.optional(),
      ...ROUTE,
    })
    .refine(
      ({ siteId, sitePass }) => (siteId === undefined) === (sitePass === undefined),
      'siteId and sitePass go together',
    ),
  z.strictObject({ kind: z.literal('stripe'), ...PLAIN.stripe, key: secret, ...ROUTE }),
  z.strictObject({ kind: z.literal('komoju'), ...PLAIN.komoju, key: secret, ...ROUTE }),
]);
export type GatewayCredentials = z.infer<typeof GatewayCredentials>;

/**
 * The gateway of a settings file: secrets are names of files.
 * @param file a file's name
 * @param ownFile of the practice service's, which the server finds by itself
 */
export function gatewaySettings<F extends z.ZodType<string>, O extends z.ZodType>(file: F, ownFile: O) {
  const common = {
    caFile: file.optional().describe('PEM of the only authorities trusted for it; default: those that Node trusts.'),
    proxyFile: file.optional().describe('File with `http://[user:password@]host:port` of a proxy that takes CONNECT.'),
    timeoutMs: z
      .int()
      .min(500)
      .max(120_000)
      .default(20_000)
      .describe('Without an answer by then the result is unknown.'),
  };
  const keyFile = file.describe('File with its secret key.');
  const passFile = file.describe("File with the shop's password.");
  return z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('sandbox').default('sandbox').describe('The practice service.'),
      ...PLAIN.sandbox,
      caFile: ownFile.describe('The only authority trusted for it; default: the development authority in dataFolder.'),
      keyFile: ownFile.describe("File with the merchant's key; default: sandbox.key in dataFolder."),
      timeoutMs: common.timeoutMs,
    }),
    z.strictObject({
      kind: z.literal('http').describe('Any service that speaks our HTTP contract.'),
      ...PLAIN.http,
      keyFile,
      ...common,
    }),
    z.strictObject({
      kind: z.literal('gmo-openapi').describe('GMO Payment Gateway, OpenAPI type.'),
      ...PLAIN['gmo-openapi'],
      shopPassFile: passFile,
      ...common,
    }),
    z.strictObject({
      kind: z.literal('gmo-idpass').describe('GMO Payment Gateway, protocol type.'),
      ...PLAIN['gmo-idpass'],
      shopPassFile: passFile,
      sitePassFile: file.optional().describe("File with the site's password."),
      ...common,
    }),
    z.strictObject({ kind: z.literal('stripe').describe('Stripe.'), ...PLAIN.stripe, keyFile, ...common }),
    z.strictObject({ kind: z.literal('komoju').describe('KOMOJU.'), ...PLAIN.komoju, keyFile, ...common }),
  ]);
}
