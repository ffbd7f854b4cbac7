import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { Secret } from '../shared/secret.ts';

/** Where a secret is: in a file or in an environment variable, never in the settings. */
export const SecretSource = z.union([
  z.strictObject({ file: z.string().min(1).describe('File that holds it and nothing else.') }),
  z.strictObject({
    environment: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]{0,63}$/)
      .describe('Environment variable that holds it.'),
  }),
]);
export type SecretSource = z.infer<typeof SecretSource>;

/**
 * Reads a secret.
 *
 * @param setting its name in the settings, for errors
 * @throws Error naming the setting, and the file or variable that is missing or empty
 */
export function readSecret(source: SecretSource, setting: string): Secret {
  const where = 'file' in source ? `the file ${source.file}` : `the environment variable ${source.environment}`;
  let text: string | undefined;
  try {
    text = 'file' in source ? readFileSync(source.file, 'utf8') : process.env[source.environment];
  } catch (cause) {
    throw new Error(`${setting}: ${where} can't be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
  const value = text?.trim() ?? '';
  if (value === '') throw new Error(`${setting}: ${where} is missing or empty`);
  return new Secret(value);
}
