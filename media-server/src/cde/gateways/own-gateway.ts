import { err, ok, type Result } from '../../shared/result.ts';
import { Secret } from '../../shared/secret.ts';
import type { Gateway } from './gateway.ts';
import { GatewayCredentials } from './gateway-settings.ts';

/** A merchant's own gateway as it was entered: found fit for its kind, its secrets apart from the rest. */
export interface OwnGateway {
  readonly credentials: GatewayCredentials;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, Secret>>;
}

/**
 * Reads what was entered for a merchant against the schema of its kind.
 * @returns or what is wrong, field by field; never a value
 */
export function readOwnGateway(
  settings: Readonly<Record<string, unknown>>,
  secrets: Readonly<Record<string, unknown>>,
): Result<OwnGateway, string[]> {
  const twice = Object.keys(secrets).filter((name) => name in settings);
  if (twice.length > 0) return err(twice.map((name) => `${name}: stands in both`));
  const parsed = GatewayCredentials.safeParse({ ...settings, ...secrets });
  if (!parsed.success) return err(parsed.error.issues.map(faultOf));
  const apart = { settings: {} as Record<string, unknown>, secrets: {} as Record<string, Secret> };
  const faults: string[] = [];
  for (const [name, value] of Object.entries(parsed.data)) {
    if (value instanceof Secret) {
      apart.secrets[name] = value;
      if (!(name in secrets)) faults.push(`${name}: is a secret and belongs to the credentials`);
    } else if (value !== undefined) {
      apart.settings[name] = value;
      if (name in secrets) faults.push(`${name}: is no secret and belongs to the gateway`);
    }
  }
  return faults.length > 0 ? err(faults) : ok({ credentials: parsed.data, ...apart });
}

/** The name in the ledger of a merchant's own gateway: each version of it answers for its own attempts. */
export function ownName(kind: string, version: number): string {
  return `${kind}-own-${version}`;
}

/** Whether two names are of the same service as far as is known: versions of a merchant's own gateway of one kind. */
export function sameService(name: string, other: string): boolean {
  return withoutVersion(name) === withoutVersion(other);
}

function withoutVersion(name: string): string {
  return name.replace(/-own-\d+$/, '-own');
}

/** A gateway under another name. */
export function under(name: string, gateway: Gateway): Gateway {
  const { abilities } = gateway;
  const unknown = { is: 'unknown' } as const;
  return {
    name,
    abilities,
    ...(gateway.prepare && { prepare: async (...given) => (await gateway.prepare?.(...given)) ?? { is: 'no-answer' } }),
    ...(gateway.chargeStored && {
      chargeStored: async (...given) => (await gateway.chargeStored?.(...given)) ?? unknown,
    }),
    ...(gateway.operate && { operate: async (...given) => (await gateway.operate?.(...given)) ?? unknown }),
    authorize: (...given) => gateway.authorize(...given),
    lookUp: (...given) => gateway.lookUp(...given),
    reverse: (...given) => gateway.reverse(...given),
    test: (timeoutMs) => gateway.test(timeoutMs),
    close: () => gateway.close(),
  };
}

function faultOf(issue: { code: string; path: PropertyKey[]; message: string; keys?: string[] }): string {
  // Names that nobody knows may be anything that was pasted into the wrong place.
  if (issue.code === 'unrecognized_keys') return `${issue.path.join('.') || 'a field'}: isn't known to this kind`;
  return `${issue.path.join('.') || 'all of it'}: ${issue.message}`;
}
