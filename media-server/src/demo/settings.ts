import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { LOG_LEVELS } from '../shared/logger.ts';

const port = z.int().min(1).max(65_535);
const ip = z.union([z.ipv4(), z.ipv6()]);
const number = z.string().regex(/^\+?[0-9]{1,20}$/, 'a telephone number: up to 20 digits, + before them if you like');

/** What the demo is started with: one JSON file, its path the only argument. */
export const DemoSettings = z.strictObject({
  /** TCP port of the customer's phone page, plain HTTP. */
  port: port.default(7090),
  /** Address of the page. Beyond loopback browsers give it no microphone, for HTTP is not private there. */
  bind: ip.default('127.0.0.1'),
  /** UDP port of the demo carrier. */
  sipPort: port.default(5070),
  /** Address of the demo carrier's SIP and RTP: the one that the media-server knows it by. */
  sipIp: ip.default('127.0.0.1'),
  /** The media-server's SIP address (UDP). */
  server: z
    .strictObject({ host: z.string().min(1).max(253), port: port.default(5060) })
    .prefault({ host: '127.0.0.1' }),
  /** The number that the page dials unless another is typed in. */
  number: number.default('+81312345678'),
  /** The customer's own number. */
  caller: number.default('+819012345678'),
  logLevel: z.enum(LOG_LEVELS).default('info'),
});
export type DemoSettings = z.infer<typeof DemoSettings>;

/** What is wrong with a setting, in words that name it: the start ends with this. */
export class DemoSettingsError extends Error {}

/** @throws DemoSettingsError naming the file, each wrong setting, what it holds and what would be right */
export function readDemoSettings(file: string): DemoSettings {
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new DemoSettingsError(`the settings file ${file} can't be read: ${(cause as Error).message}`);
  }
  const read = DemoSettings.safeParse(raw);
  if (read.success) return read.data;
  const lines = read.error.issues.map(
    (issue) => `  ${issue.path.join('.') || '(all)'} = ${shown(raw, issue.path)}: ${issue.message}`,
  );
  throw new DemoSettingsError(`wrong settings in ${file}:\n${lines.join('\n')}`);
}

function shown(raw: unknown, path: readonly PropertyKey[]): string {
  let value = raw;
  for (const step of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[step];
  return (JSON.stringify(value) ?? 'missing').slice(0, 200);
}
