import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** What the sandbox is started with: one JSON file, its path the only argument. */
export const SandboxSettings = z.strictObject({
  /** Address to listen on. */
  host: z.union([z.ipv4(), z.ipv6()]).default('127.0.0.1'),
  /** 0: any free one; it stands in the log line `sandbox ready`. */
  port: z.int().min(0).max(65_535),
  /** PEM files of its certificate and key. */
  certFile: z.string().min(1),
  keyFile: z.string().min(1),
  /** File that holds the merchant's key (8–200 visible characters), which requests carry as a Bearer token. */
  apiKeyFile: z.string().min(1),
  /** Folder of the books, made where it isn't there. */
  booksFolder: z.string().min(1),
  /** How long the slow card takes, ms. */
  slowMs: z.int().min(0).max(60_000).default(8000),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
});
export type SandboxSettings = z.infer<typeof SandboxSettings>;

/** @throws Error whose message names the file or the setting, what it holds and what would be right */
export function readSandboxSettings(file: string): SandboxSettings {
  const read = SandboxSettings.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!read.success) throw new Error(`${file}: ${z.prettifyError(read.error)}`);
  return read.data;
}
