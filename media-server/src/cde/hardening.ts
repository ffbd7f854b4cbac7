import { readFileSync } from 'node:fs';
import inspector from 'node:inspector';

/** EX_SOFTWARE of sysexits.h: a bug ended the process. */
export const EXIT_BUG = 70;

/** Flags that open a process to others' eyes, write down what it does, or put foreign code into it. */
const DEBUGGING =
  /^(-[rep]$|--(inspect|debug|heap|cpu-prof|prof|perf|report|diagnostic|trace|track-heap|tls-keylog|abort-on|require|import|loader|eval|print|watch|env-file|openssl|security-revert|expose-internals|experimental-(loader|config|default-config|inspector)))/;

/** Variables of the environment that do the same: for Node, for OpenSSL, for the dynamic linker. */
const SEEING = [
  'NODE_OPTIONS',
  'NODE_DEBUG',
  'NODE_DEBUG_NATIVE',
  'NODE_V8_COVERAGE',
  'NODE_INSPECT_RESUME_ON_START',
  'NODE_PATH',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'NODE_EXTRA_CA_CERTS',
  'SSLKEYLOGFILE',
  'OPENSSL_CONF',
  'OPENSSL_ENGINES',
  'OPENSSL_MODULES',
  'LD_PRELOAD',
  'LD_AUDIT',
  'DEBUG',
] as const;

/** What a process is started with, and who watches it. */
export interface Start {
  readonly execArgv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A debugger's port is open. */
  readonly inspected: boolean;
  /** /proc/self/status; absent where it can't be read. */
  readonly status: string | undefined;
}

export function readStart(): Start {
  return {
    execArgv: process.execArgv,
    environment: process.env,
    inspected: inspector.url() !== undefined,
    status: procText('/proc/self/status'),
  };
}

/**
 * Why this process must not hold card digits, or undefined when it may: debuggers, tracers, heap snapshots, written-down
 * requests and TLS keys, and foreign modules can read every buffer.
 */
export function whyNotTrusted({ execArgv, environment, inspected, status }: Start): string | undefined {
  const flag = execArgv.find((argument) => DEBUGGING.test(argument));
  if (flag) return `the card process doesn't start with ${flag.split('=')[0]}: it would let others read keyed digits`;
  const variable = SEEING.find((name) => environment[name]);
  if (variable)
    return `the card process doesn't start with ${variable} set, by which others could read keyed digits: unset it`;
  if (inspected) return 'the card process doesn’t start under a debugger';
  const tracer = /^TracerPid:\s+([1-9]\d*)/m.exec(status ?? '')?.[1];
  if (tracer)
    return `the card process doesn't start while process ${tracer} traces it (a debugger, strace): end that one`;
  return undefined;
}

/** Columns of /proc/net/packet: sk, RefCnt, Type, Proto, … (packet(7)). */
const PROTOCOL_COLUMN = 3;
/** ETH_P_ALL: every packet of the machine, as tcpdump and its like ask for. */
const EVERY_PACKET = '0003';

/**
 * Whether a program of this machine captures every packet, by /proc/net/packet: a customer's RTP, with the keys in it,
 * among them. Sockets for one protocol (DHCP, LLDP) are none of that.
 */
export function capturesPackets(packetSockets: string): boolean {
  const [, ...sockets] = packetSockets.trim().split('\n');
  return sockets.some((line) => line.trim().split(/\s+/)[PROTOCOL_COLUMN] === EVERY_PACKET);
}

export const CAPTURED =
  'the card process doesn’t start while a program on this machine captures packets: customers’ keys would be in them. ' +
  'As root, `ss -0 -a -p` names it: end it. Where it is the machine’s DHCP client, set card.packetCapture = "report"';

/** A file of the kernel's, as text; undefined where it can't be read. */
export function procText(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return undefined;
  }
}

/** An error without its message, which may quote data: its name and where it happened. */
export function traceOf(error: unknown): { readonly name: string; readonly stack: readonly string[] } {
  if (!(error instanceof Error)) return { name: typeof error, stack: [] };
  const lines = (error.stack ?? '').split('\n').map((line) => line.trim());
  return { name: error.name, stack: lines.filter((line) => /^at .*:\d+:\d+\)?$/.test(line)) };
}
