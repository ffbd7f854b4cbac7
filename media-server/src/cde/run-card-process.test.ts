import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

/** A start that must be refused before the settings are even read. */
function started(flags: string[], environment: Record<string, string>): { status: number | null; stderr: string } {
  return spawnSync(process.execPath, [...flags, MAIN, '/nonexistent/settings.json'], {
    env: environment,
    encoding: 'utf8',
    timeout: 20_000,
  });
}

test.each([
  [['--inspect=0'], {}, '--inspect'],
  [['--tls-keylog=/dev/null'], {}, '--tls-keylog'],
  [[], { NODE_DEBUG: 'http,tls' }, 'NODE_DEBUG set'],
  [[], { NODE_OPTIONS: '--trace-tls' }, 'NODE_OPTIONS set'],
  [[], { SSLKEYLOGFILE: '/dev/null' }, 'SSLKEYLOGFILE set'],
] as [string[], Record<string, string>, string][])(
  'the card process doesn’t start with %j %j, and says why',
  (flags, environment, words) => {
    const { status, stderr } = started(flags, environment);
    expect(stderr).toContain(words);
    expect(status).toBe(77);
  },
);

test('otherwise it goes on to its settings', () => {
  expect(started([], {})).toMatchObject({ status: 78, stderr: expect.stringContaining('/nonexistent/settings.json') });
});

/** A network of its own in which a packet socket is open, so that nobody else's is touched; then the card process. */
const CAPTURING = [
  '-n',
  'perl',
  '-e',
  // AF_PACKET, SOCK_RAW, ETH_P_ALL; kept over exec.
  '$^F = 255; socket(my $all, 17, 3, unpack("S", pack("n", 3))) or exit 9; exec @ARGV',
];
const mayCapture = spawnSync('unshare', [...CAPTURING, 'true']).status === 0;

test.runIf(mayCapture)('it doesn’t start while packets are captured, unless that is only to be reported', () => {
  const folder = mkdtempSync(join(tmpdir(), 'capture-'));
  const file = join(folder, 'settings.json');
  const start = (over: object) => {
    const settings = {
      socket: join(folder, 'card.sock'),
      ledgerFolder: join(folder, 'ledger'),
      kekFile: join(folder, 'kek.json'),
      logFile: join(folder, 'card.log'),
      logLevel: 'info',
      rtpPorts: { min: 12_000, max: 12_003 },
      threads: 1,
      // It isn't there, which ends the start that capture doesn't.
      gateway: {
        kind: 'sandbox',
        url: 'https://127.0.0.1:1',
        caFile: join(folder, 'none.ca'),
        keyFile: join(folder, 'none.key'),
        timeoutMs: 1000,
      },
      lookupDelaysMs: [1000],
      reverseAfterMs: 1000,
      absentAgainAfterMs: 1000,
      dialogue: {
        firstKeyMs: 1000,
        nextKeyMs: 1000,
        totalMs: 1000,
        mistakesPerField: 1,
        moreTimeMs: 1000,
        moreTimes: 0,
      },
      ...over,
    };
    writeFileSync(file, JSON.stringify(settings));
    return spawnSync('unshare', [...CAPTURING, process.execPath, MAIN, file], {
      env: { PATH: process.env['PATH'] },
      encoding: 'utf8',
      timeout: 20_000,
    });
  };
  try {
    const refused = start({});
    expect(refused.stderr).toContain('captures packets');
    expect(refused.status).toBe(77);
    const reported = start({ packetCapture: 'report' });
    expect(reported.stdout).toContain('no-packet-capture');
    expect(reported.status).toBe(78);
    expect(reported.stderr).toMatch(/none\.(key|ca)/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
