import inspector from 'node:inspector';

/** EX_SOFTWARE of sysexits.h: a bug ended the process. */
export const EXIT_BUG = 70;

const DEBUGGING =
  /^(-r$|--(inspect|debug|heap|cpu-prof|prof|report|diagnostic|trace|require|import|loader|experimental-loader))/;

/**
 * Why this process must not hold card digits, or undefined when it may: debuggers, heap snapshots and foreign modules
 * can read every buffer.
 */
export function whyNotTrusted(
  execArgv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const flag = execArgv.find((argument) => DEBUGGING.test(argument));
  if (flag) return `the card process doesn't start with ${flag.split('=')[0]}: it would let others read keyed digits`;
  if (environment.NODE_OPTIONS) return 'the card process doesn’t start with NODE_OPTIONS set: unset it';
  if (inspector.url()) return 'the card process doesn’t start under a debugger';
  return undefined;
}

/** An error without its message, which may quote data: its name and where it happened. */
export function traceOf(error: unknown): { readonly name: string; readonly stack: readonly string[] } {
  if (!(error instanceof Error)) return { name: typeof error, stack: [] };
  const lines = (error.stack ?? '').split('\n').map((line) => line.trim());
  return { name: error.name, stack: lines.filter((line) => /^at .*:\d+:\d+\)?$/.test(line)) };
}
