import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

export interface BuiltSoftphone {
  /** Folder with its index.html. */
  readonly files: string;
  remove(): Promise<void>;
}

/** Builds the softphone into a folder of its own, so that tests never see another run's half-written one. */
export async function buildSoftphone(): Promise<BuiltSoftphone> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const files = await mkdtemp(join(tmpdir(), 'tonegate-client-'));
  await build({
    root,
    configFile: join(root, 'vite.config.ts'),
    logLevel: 'error',
    build: { outDir: files, emptyOutDir: true, reportCompressedSize: false },
  });
  return { files, remove: () => rm(files, { recursive: true, force: true }) };
}
