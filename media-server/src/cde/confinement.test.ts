import { expect, test } from 'vitest';
import { missingConfinements, type ProcessFacts } from './confinement.ts';
import { CONFINEMENTS } from './contract.ts';

const GOOD: ProcessFacts = {
  limits:
    'Max file size             unlimited            unlimited            bytes\nMax core file size        0                    0                    bytes\n',
  dumpFilter: '00000000\n',
  swaps: 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n',
  packetSockets: 'sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n',
  givenOut: new Uint8Array(64).fill(0x5a),
  user: 990,
  serverUser: 991,
  execArgv: ['--permission', '--disable-sigusr1'],
  confined: true,
};

test('a process that is confined in every way misses nothing', () => {
  expect(missingConfinements(GOOD)).toEqual([]);
});

test.each([
  ['own-user', { user: 991 }],
  ['own-user', { user: 0 }],
  ['no-core-dumps', { limits: GOOD.limits?.replace(' 0  ', ' unlimited  ') }],
  ['no-core-dumps', { dumpFilter: '00000033' }],
  ['no-core-dumps', { limits: undefined }],
  ['no-swap', { swaps: `${GOOD.swaps}/swapfile file 1 0 -2\n` }],
  ['no-swap', { swaps: undefined }],
  ['no-debugger', { execArgv: [] }],
  ['files-and-programs', { confined: false }],
  [
    'no-packet-capture',
    { packetSockets: `${GOOD.packetSockets}ffff9a0a 3      3    0003   2     1 0      0      30401\n` },
  ],
  ['no-packet-capture', { packetSockets: undefined }],
  ['freed-memory-overwritten', { givenOut: new Uint8Array(64) }],
] as const)('what is not in force is named: %s', (name, change) => {
  expect(missingConfinements({ ...GOOD, ...change })).toEqual([name]);
});

test('of a machine that says nothing, nothing is believed', () => {
  const nothing = {
    limits: undefined,
    dumpFilter: undefined,
    swaps: undefined,
    packetSockets: undefined,
    givenOut: new Uint8Array(64),
    user: undefined,
    serverUser: undefined,
  };
  expect(missingConfinements({ ...nothing, execArgv: [], confined: false })).toEqual([...CONFINEMENTS]);
});
