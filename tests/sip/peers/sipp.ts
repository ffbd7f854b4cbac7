import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, requireProgram } from './programs.ts';

export type Scenario =
  | 'carrier-in'
  | 'carrier-in-cancel'
  | 'carrier-in-hold'
  | 'carrier-in-info'
  | 'carrier-in-no-sdp'
  | 'carrier-in-update'
  | 'carrier-out'
  | 'carrier-out-100rel'
  | 'carrier-out-cancelled'
  | 'carrier-out-reject'
  | 'register'
  | 'register-client';

export interface SippOptions {
  /** Where sipp calls to, `host:port`; without it sipp waits to be called. */
  readonly remote?: string;
  /** Its own port, default a free one. */
  readonly port?: number;
  /** One UDP socket, or one TCP connection (default u1). */
  readonly transport?: 'u1' | 't1';
  /** Number called (user part of the request URI). */
  readonly service?: string;
  readonly calls?: number;
  /** Calls a second. */
  readonly rate?: number;
  /** Seconds until sipp gives up. */
  readonly timeout?: number;
  /** A file of `makePcap` that is played when the call is up; needs root or CAP_NET_RAW. */
  readonly pcap?: string;
  /** Keys that the scenario sends by INFO. */
  readonly digits?: string;
  /** Other `@NAMES@` of the scenario: MS, CALLER, SE, REFRESHER, RINGMS, CODE, REASON, EXPIRES, USER, PASS, GAP. */
  readonly values?: Readonly<Record<string, string | number>>;
}

export interface SippOutcome {
  /** 0: every call went as the scenario says. */
  readonly code: number | null;
  readonly ok: number;
  readonly failed: number;
  readonly retransmissions: number;
  /** What sipp complained about, for a failing test's message. */
  readonly errors: string;
}

const SCENARIOS = fileURLToPath(new URL('../scenarios/', import.meta.url));
const DEFAULTS: Readonly<Record<string, string | number>> = {
  MS: 1000,
  GAP: 200,
  CALLER: '+819012345678',
  CODECPT: 0,
  CODEC: 'PCMU',
  TEPT: 101,
  SE: 1800,
  REFRESHER: 'uac',
  RINGMS: 300,
  CODE: 486,
  REASON: 'Busy Here',
  EXPIRES: 60,
};

/** sipp at work; `outcome` settles when it has ended. */
export interface RunningSipp {
  readonly port: number;
  readonly outcome: Promise<SippOutcome>;
  stop(): void;
}

/** Fills a scenario and starts sipp with it. */
export async function startSipp(scenario: Scenario, options: SippOptions = {}): Promise<RunningSipp> {
  requireProgram('sipp');
  const folder = await mkdtemp(join(tmpdir(), 'tonegate-sipp-'));
  const file = join(folder, `${scenario}.xml`);
  await writeFile(file, fill(await readFile(join(SCENARIOS, `${scenario}.xml`), 'utf8'), options));
  const port = options.port ?? (await freePort());
  const args = [
    ...(options.remote ? [options.remote] : []),
    ...['-sf', file, '-i', '127.0.0.1', '-p', port, '-mi', '127.0.0.1', '-mp', await freePort(4)],
    ...['-m', options.calls ?? 1, '-r', options.rate ?? 1, '-t', options.transport ?? 'u1'],
    ...['-s', options.service ?? '+81312345678', '-nostdin', '-timeout', `${options.timeout ?? 15}s`, '-timeout_error'],
    // As often as RFC 3261 says (64·T1), not the five times that are sipp's default.
    ...['-max_invite_retrans', 10, '-max_non_invite_retrans', 12],
    ...['-trace_err', '-error_file', join(folder, 'errors'), '-trace_stat', '-stf', join(folder, 'statistics')],
  ];
  const process = spawn('sipp', args.map(String), { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  return { port, outcome: outcomeOf(process, folder), stop: () => void process.kill('SIGKILL') };
}

export async function runSipp(scenario: Scenario, options: SippOptions): Promise<SippOutcome> {
  return (await startSipp(scenario, options)).outcome;
}

function fill(template: string, options: SippOptions): string {
  const play = options.pcap ? `<nop><action><exec play_pcap_audio="${options.pcap}"/></action></nop>` : '';
  const values: Record<string, string | number> = { ...DEFAULTS, ...options.values, PLAY: play };
  let cseq = 1;
  const repeated = template.replace(/<!--EACH-DIGIT-->([^]*?)<!--\/EACH-DIGIT-->/g, (_, block: string) =>
    [...(options.digits ?? '123')]
      .map((digit) => block.replaceAll('@DIGIT@', digit).replaceAll('@CSEQ@', String(++cseq)))
      .join(''),
  );
  return repeated.replace(/@([A-Z]+)@/g, (whole, name: string) => String(values[name] ?? whole));
}

async function outcomeOf(process: ChildProcess, folder: string): Promise<SippOutcome> {
  let said = '';
  process.stderr?.on('data', (bytes: Buffer) => {
    said += bytes.toString();
  });
  const code = await new Promise<number | null>((resolve) => process.once('close', resolve));
  const errors = (await readFile(join(folder, 'errors'), 'utf8').catch(() => '')) + said;
  const rows = (await readFile(join(folder, 'statistics'), 'utf8').catch(() => ''))
    .trim()
    .split('\n')
    .map((line) => line.split(';'));
  const column = (name: string): number => Number(rows.at(-1)?.[rows[0]?.indexOf(name) ?? -1] ?? -1);
  await rm(folder, { recursive: true });
  return {
    code,
    ok: column('SuccessfulCall(C)'),
    failed: column('FailedCall(C)'),
    retransmissions: column('Retransmissions(C)'),
    errors: errors.slice(0, 4000),
  };
}
