import { CONFINEMENTS, type Confinement, FREED_BYTE } from './contract.ts';
import { capturesPackets, procText } from './hardening.ts';

/** What the kernel and Node say of this process, each as text; absent where it can't be read. */
export interface ProcessFacts {
  /** /proc/self/limits */
  readonly limits: string | undefined;
  /** /proc/self/coredump_filter */
  readonly dumpFilter: string | undefined;
  /** /proc/swaps */
  readonly swaps: string | undefined;
  /** /proc/self/net/packet: this machine's packet sockets. */
  readonly packetSockets: string | undefined;
  /** Memory as it was given out just now. */
  readonly givenOut: Uint8Array;
  /** This process's user, and its server's where that runs on this host. */
  readonly user: number | undefined;
  readonly serverUser: number | undefined;
  readonly execArgv: readonly string[];
  /** Whether Node's permission model refuses it programs, and files outside of its own. */
  readonly confined: boolean;
}

/** How much memory is asked for to see how it is given out, bytes. */
const LOOKED_AT = 4096;

/** The confinements that aren't in force, in the order of the list. */
export function missingConfinements(facts: ProcessFacts): Confinement[] {
  const inForce: Record<Confinement, boolean> = {
    'own-user': facts.user !== undefined && facts.user !== 0 && facts.user !== facts.serverUser,
    // The limit counts for files; the filter for dumps that are piped to a program (core(5)).
    'no-core-dumps':
      /^Max core file size\s+0\s+0/m.test(facts.limits ?? '') && Number.parseInt(facts.dumpFilter ?? 'f', 16) === 0,
    // The first line is a heading.
    'no-swap': facts.swaps !== undefined && facts.swaps.trim().split('\n').length <= 1,
    'no-debugger': facts.execArgv.includes('--disable-sigusr1'),
    'files-and-programs': facts.confined,
    // The same setting fills what is freed and, with the complement, what is given out.
    'freed-memory-overwritten': facts.givenOut.every((byte) => byte === (~FREED_BYTE & 0xff)),
    'no-packet-capture': facts.packetSockets !== undefined && !capturesPackets(facts.packetSockets),
  };
  return CONFINEMENTS.filter((name) => !inForce[name]);
}

/** Reads the facts; `server` is the process that started this one, if that is the server. */
export function readFacts(server: number | undefined): ProcessFacts {
  const { permission } = process as unknown as { permission?: { has(scope: string, path?: string): boolean } };
  const status = server === undefined ? undefined : procText(`/proc/${server}/status`);
  const serverUser = /^Uid:\s+(\d+)/m.exec(status ?? '')?.[1];
  return {
    limits: procText('/proc/self/limits'),
    dumpFilter: procText('/proc/self/coredump_filter'),
    swaps: procText('/proc/swaps'),
    packetSockets: procText('/proc/self/net/packet'),
    givenOut: Buffer.allocUnsafeSlow(LOOKED_AT),
    user: process.getuid?.(),
    serverUser: serverUser === undefined ? undefined : Number(serverUser),
    execArgv: process.execArgv,
    confined: permission !== undefined && !permission.has('child') && !permission.has('fs.write', '/'),
  };
}
