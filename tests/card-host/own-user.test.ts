// A whole server as root whose card process is another user, named by a setting.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { CARDS, House } from '../house/house.ts';
import { hearEachOther, PAYMENT_MS, pays, talking } from '../faults/trouble.ts';

/** On every Linux. */
const NOBODY = 'nobody';

/** Another user can be started only by root, and has to be able to read the program. */
const possible =
  process.getuid?.() === 0 &&
  spawnSync('/bin/sh', ['-c', 'test -r "$0" && test -x "$1"', import.meta.filename, process.execPath], {
    uid: 65_534,
    gid: 65_534,
  }).status === 0;

test.skipIf(!possible)(
  'the server is root and the card process nobody: a customer pays',
  {
    timeout: PAYMENT_MS,
  },
  async () => {
    const above = mkdtempSync(path.join(tmpdir(), 'tonegate-own-'));
    const folder = path.join(above, 'card');
    const options = { settings: { card: { user: NOBODY, folder } } };
    await expect(House.open(options)).rejects.toThrow(`nobody can't get there, ${above} is closed to it`);
    chmodSync(above, 0o711);
    const house = await House.open(options);
    try {
      const health = await fetch(`http://127.0.0.1:${house.stack.ports.http}/healthz`);
      const { parts } = (await health.json()) as { parts: { name: string; ok: boolean; detail?: string }[] };
      const card = parts.find(({ name }) => name === 'card-process');
      expect(card).toMatchObject({ ok: true });
      expect(card?.detail).not.toContain('own-user');
      expect(card?.detail).toContain('listens: server unix socket');
      const [, pid] =
        /"pid":(\d+)[^\n]*"card process is ready"/.exec(readFileSync(path.join(folder, 'card.log'), 'utf8')) ?? [];
      expect(readFileSync(`/proc/${pid}/status`, 'utf8')).not.toMatch(/^Uid:\s+0\s/m);
      const talk = await talking(house);
      await pays(talk, house.order(), CARDS.approved);
      expect(await talk.agent.outcome(30_000)).toMatchObject({ outcome: 'approved' });
      await hearEachOther(talk);
    } finally {
      await house.close();
      rmSync(above, { recursive: true, force: true });
    }
  },
);
