import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { devCa } from '../../media-server/src/shared/dev-ca.ts';
import type { Tls } from './wire.ts';
import type { Authorities } from './world.ts';

/** Two authorities, and from each a certificate of loopback's. */
export async function makeAuthorities(): Promise<Authorities> {
  const folder = mkdtempSync(join(tmpdir(), 'gateways-'));
  try {
    return { trusted: await tls(join(folder, 'trusted')), other: await tls(join(folder, 'other')) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function tls(folder: string): Promise<Tls> {
  const { caFile, certFile, keyFile } = await devCa(folder, ['127.0.0.1']);
  const [ca = '', cert = '', key = ''] = [caFile, certFile, keyFile].map((file) => readFileSync(file, 'utf8'));
  return { ca, cert, key };
}
