import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type CardSettings } from '../cde/settings.ts';
import { newId } from '../shared/ids.ts';
import { settingsFile } from './launch.ts';
import { Desk, RtpPeer, TestHouse } from './test-house.ts';

/** Nobody's, on every Linux. */
const OWNER = { uid: 65_534, gid: 65_534 };
const OTHER = { uid: 65_533, gid: 65_533 };
const entry = fileURLToPath(new URL('../cde/main.ts', import.meta.url));

function asUser(user: typeof OWNER, command: string, file: string): number | null {
  return spawnSync('/bin/sh', ['-c', `${command} "$0"`, file], { ...user, stdio: 'ignore' }).status;
}

const isRoot = process.getuid?.() === 0;
/** Another user can be started only by root, and has to be able to read the program. */
const possible = isRoot && asUser(OWNER, 'test -r', entry) === 0 && asUser(OWNER, 'test -x', process.execPath) === 0;

test.skipIf(!possible)(
  'started by root for another user, it is that user alone, and takes a payment',
  async () => {
    const house = await TestHouse.build();
    const folder = join(house.folder, 'own');
    const settings: CardSettings = {
      ...house.settings,
      socket: join(folder, 'run/card.sock'),
      ledgerFolder: join(folder, 'ledger'),
      kekFile: join(folder, 'keys/kek.json'),
      fingerprintKeyFile: join(folder, 'keys/fingerprint.json'),
      logFile: join(folder, 'card.log'),
    };
    // What the gateway needs is the operator's to make readable.
    for (const shared of [house.folder, join(house.folder, 'ca'), join(house.folder, 'merchant.key')])
      chmodSync(shared, 0o755);
    const desk = new Desk(settings, OWNER);
    const phone = await RtpPeer.open(0x1111);
    const sfu = await RtpPeer.open(0x2222);
    try {
      await desk.link.start();
      const ready = readFileSync(settings.logFile, 'utf8')
        .split('\n')
        .find((line) => line.includes('card process is ready'));
      const { pid } = JSON.parse(ready ?? '{}') as { pid: number };
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      expect(status).toMatch(/^Uid:\s+65534\s+65534\s+65534\s+65534$/m);
      expect(status).toMatch(/^Gid:\s+65534\s+65534\s+65534\s+65534$/m);
      expect(status).toMatch(/^Groups:\s*$/m);
      expect(desk.link.unconfined).not.toContain('own-user');

      for (const own of [dirname(settings.socket), settings.ledgerFolder, dirname(settings.kekFile)])
        expect([statSync(own).uid, statSync(own).mode & 0o777]).toEqual([OWNER.uid, 0o700]);
      // What root writes lies where that user can't put anything in its way.
      for (const ours of [folder, settings.logFile, settingsFile(settings)]) expect(statSync(ours).uid).toBe(0);
      expect(asUser(OWNER, 'test -w', folder)).not.toBe(0);
      expect(statSync(settings.socket).mode & 0o777).toBe(0o600);
      expect(asUser(OTHER, 'test -e', settings.socket)).not.toBe(0);
      expect(asUser(OTHER, 'test -r', settingsFile(settings))).not.toBe(0);

      const leg = newId();
      desk.openLeg(leg, phone, sfu);
      const { rtpPort } = await desk.message('leg-ready');
      phone.to(rtpPort);
      const { payment } = desk.openPayment(leg);
      await desk.message('wall', (wall) => wall.payment === payment);
      desk.send({ type: 'payment-begin', payment });
      await desk.pay(phone, leg, payment);
      expect(await desk.message('outcome')).toMatchObject({ outcome: 'approved', lastFour: '4242' });
      desk.send({ type: 'told', payment });
      desk.send({ type: 'leg-close', leg });
    } finally {
      await desk.link.stop();
      phone.close();
      sfu.close();
      await house.destroy();
    }
  },
  60_000,
);
