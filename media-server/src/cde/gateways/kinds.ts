import { readFileSync } from 'node:fs';
import type { CardSettings } from '../settings.ts';
import type { Gateway } from './gateway.ts';
import { GatewayCredentials } from './gateway-settings.ts';
import { GmoIdPassGateway } from './gmo-idpass-gateway.ts';
import { GmoOpenApiGateway } from './gmo-openapi-gateway.ts';
import { HttpGateway } from './http-gateway.ts';
import { KomojuGateway } from './komoju-gateway.ts';
import { SandboxGateway } from './sandbox-gateway.ts';
import { StripeGateway } from './stripe-gateway.ts';

/** The gateway that credentials are for. */
export function gatewayFrom(credentials: GatewayCredentials): Gateway {
  switch (credentials.kind) {
    case 'sandbox':
      return new SandboxGateway(credentials.url, credentials.ca, credentials.key, credentials.twoSteps);
    case 'http':
      return new HttpGateway(credentials);
    case 'gmo-openapi':
      return new GmoOpenApiGateway(credentials);
    case 'gmo-idpass': {
      const { siteId, sitePass, ...parts } = credentials;
      return new GmoIdPassGateway(siteId && sitePass ? { ...parts, site: { id: siteId, pass: sitePass } } : parts);
    }
    case 'stripe':
      return new StripeGateway(credentials);
    case 'komoju':
      return new KomojuGateway(credentials);
  }
}

/**
 * The gateway of the settings file, its secrets read from the files that it names.
 * @throws Error that names the setting and the file which can't be read or doesn't hold what it should
 */
export function gatewayFromFiles({ timeoutMs: _, ...settings }: CardSettings['gateway']): Gateway {
  const given: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(settings)) {
    if (name.endsWith('File') && typeof value === 'string')
      given[name.slice(0, -'File'.length)] = contents(name, value);
    else given[name] = value;
  }
  const parsed = GatewayCredentials.safeParse(given);
  if (parsed.success) return gatewayFrom(parsed.data);
  // Never the value: it may be a secret.
  const wrong = parsed.error.issues.map(
    ({ path, message }) => `gateway.${fileOr(path.join('.'), settings)}: ${message}`,
  );
  throw new Error(wrong.join('\n'));
}

function fileOr(name: string, settings: object): string {
  return `${name}File` in settings ? `${name}File` : name;
}

function contents(setting: string, file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new Error(`gateway.${setting}: ${file} can't be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (!/^[\x20-\x7e\s]+$/.test(text)) throw new Error(`gateway.${setting}: ${file} is empty or holds more than text`);
  return text;
}
