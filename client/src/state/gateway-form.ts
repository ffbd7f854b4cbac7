import type { MerchantGateway, PutGateway } from '@tonegate/api-schema';

/** How a field of a payment service is filled in. `lines`: a text of several lines, such as a certificate. */
type Form = 'text' | 'url' | 'lines' | 'choices' | 'switch';

export interface GatewayField {
  /** As the API has it; a dot leads into a group. */
  readonly name: string;
  readonly form: Form;
  /** It goes in and never comes out. */
  readonly secret: boolean;
  readonly needed: boolean;
  /** What stands in it at first. */
  readonly preset: string;
  readonly choices: readonly string[];
}

export const GATEWAY_KINDS = ['gmo-openapi', 'gmo-idpass', 'stripe', 'komoju', 'http', 'sandbox'] as const;
export type GatewayKind = (typeof GATEWAY_KINDS)[number];

/** What is typed, by the field's name; choices are joined by spaces, a switch is `true` or empty. */
export type GatewayValues = Readonly<Record<string, string>>;

function field(name: string, over: Partial<GatewayField> = {}): GatewayField {
  return { name, form: 'text', secret: false, needed: false, preset: '', choices: [], ...over };
}
const needed = { needed: true } as const;
const secret = { secret: true, needed: true } as const;
const url = (preset = ''): GatewayField => field('url', { form: 'url', needed: true, preset });
const choices = (...all: string[]) => ({ form: 'choices', choices: all }) as const;
const MONEY = ['capture', 'void', 'refund'];
const CA = field('ca', { form: 'lines' });
const PROXY = field('proxy', { secret: true });

/** The fields of each kind in the order in which they are asked; docs/gateways.md says what they are. */
export const GATEWAY_FIELDS: Readonly<Record<GatewayKind, readonly GatewayField[]>> = {
  'gmo-openapi': [
    url('https://openapi.mul-pay.jp'),
    field('shopId', needed),
    field('shopPass', secret),
    field('merchant.name', needed),
    field('merchant.nameKana', needed),
    field('merchant.nameAlphabet', needed),
    field('merchant.nameShort', needed),
    field('merchant.contactName', needed),
    field('merchant.contactEmail', needed),
    field('merchant.contactPhone', needed),
    field('merchant.contactOpeningHours', needed),
    CA,
    PROXY,
  ],
  'gmo-idpass': [
    url('https://p01.mul-pay.jp'),
    field('shopId', needed),
    field('shopPass', secret),
    field('siteId'),
    field('sitePass', { secret: true }),
    CA,
    PROXY,
  ],
  stripe: [field('key', secret), url('https://api.stripe.com'), CA, PROXY],
  komoju: [field('key', secret), url('https://komoju.com'), CA, PROXY],
  http: [
    url(),
    field('key', secret),
    field('currencies', choices('JPY', 'USD', 'EUR', 'GBP')),
    field('purposes', choices('charge', 'authorize', 'card-update', 'stored-charge')),
    field('actions', choices(...MONEY)),
    field('partial', choices(...MONEY)),
    CA,
    PROXY,
  ],
  sandbox: [
    url('https://127.0.0.1:7070'),
    field('key', secret),
    field('ca', { form: 'lines', needed: true }),
    field('twoSteps', { form: 'switch' }),
  ],
};

/** The kind of a name, where a form knows it. */
export function gatewayKind(name: string): GatewayKind | undefined {
  return GATEWAY_KINDS.find((kind) => kind === name);
}

/** What a form of this kind begins with: what is kept, where the merchant has one of the kind, and never a secret. */
export function firstValues(kind: GatewayKind, kept: MerchantGateway | null): GatewayValues {
  const settings = kept?.own === true && kept.kind === kind ? flat(kept.settings) : {};
  return Object.fromEntries(
    GATEWAY_FIELDS[kind].map(({ name, secret, preset }) => [name, secret ? '' : (settings[name] ?? preset)]),
  );
}

/** Every secret field of a kind, empty. */
export function noSecrets(kind: GatewayKind): GatewayValues {
  return Object.fromEntries(GATEWAY_FIELDS[kind].filter(({ secret }) => secret).map(({ name }) => [name, '']));
}

/** Names of the fields that are needed and empty. */
export function emptyFields(kind: GatewayKind, values: GatewayValues): readonly string[] {
  const has = (name: string): boolean => (values[name] ?? '').trim() !== '';
  const missing = GATEWAY_FIELDS[kind].filter(({ name, needed }) => needed && !has(name)).map(({ name }) => name);
  // A site has both or neither.
  if (kind === 'gmo-idpass' && has('siteId') !== has('sitePass')) missing.push(has('siteId') ? 'sitePass' : 'siteId');
  return missing;
}

/** What is sent: each value where it belongs, what is empty left out. */
export function gatewayRequest(kind: GatewayKind, values: GatewayValues, force: boolean): PutGateway {
  const gateway: PutGateway['gateway'] = { kind };
  const groups: Record<string, Record<string, string>> = {};
  const credentials: Record<string, string> = {};
  for (const { name, form, secret } of GATEWAY_FIELDS[kind]) {
    const value = (values[name] ?? '').trim();
    const [group, inner] = name.split('.');
    if (value === '' || group === undefined) continue;
    if (secret) credentials[name] = value;
    else if (inner !== undefined) groups[group] = { ...groups[group], [inner]: value };
    else gateway[name] = form === 'switch' ? true : form === 'choices' ? value.split(' ') : value;
  }
  return { gateway: { ...gateway, ...groups, kind }, credentials, force };
}

function flat(settings: MerchantGateway['settings']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, value]): [string, string][] => {
      if (Array.isArray(value)) return [[name, value.join(' ')]];
      if (typeof value === 'object' && value !== null) {
        return Object.entries(value).map(([inner, held]) => [`${name}.${inner}`, String(held)]);
      }
      return [[name, value === false ? '' : String(value)]];
    }),
  );
}
