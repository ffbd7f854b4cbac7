import { type Logger as PinoLogger, pino } from 'pino';
import { withoutCardNumbers } from './card-digits.ts';
import { Secret } from './secret.ts';

/** Structured logs: one JSON object per line, `time` in UTC milliseconds. */
export type Logger = Pick<PinoLogger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'level'> & {
  child(bindings: Record<string, unknown>): Logger;
};

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * A logger that redacts by type: a `Secret` shows as `[secret]`, a `Buffer` as its length only, and any text that
 * holds a possible card number loses it. That last one is a net below the design, not the design: digits never get
 * as far as a log call.
 */
export function createLogger(level: LogLevel, destination: NodeJS.WritableStream = process.stdout): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":${Date.now()}`,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redact(fields, 0) as Record<string, unknown>,
      },
      hooks: {
        logMethod(args, method) {
          const clean = args.map((arg) => (typeof arg === 'string' ? withoutCardNumbers(arg) : arg));
          method.apply(this, clean as Parameters<typeof method>);
        },
      },
    },
    destination as NodeJS.WriteStream,
  );
}

const DEPTH_LIMIT = 6;

function redact(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return withoutCardNumbers(value);
  if (value instanceof Secret) return '[secret]';
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Error) {
    return {
      type: value.name,
      message: withoutCardNumbers(value.message),
      stack: withoutCardNumbers(value.stack ?? ''),
    };
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH_LIMIT) return '[deep]';
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redact(item, depth + 1)]));
}

/** A logger that says nothing, for tests. */
export const silentLogger: Logger = pino({ level: 'silent' });
