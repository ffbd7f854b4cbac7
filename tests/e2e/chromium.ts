import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** Where Chromium is on this machine, in the order of how surely it fits; undefined: nowhere, and nothing brings one. */
export async function findChromium(): Promise<{ path: string; environment?: Record<string, string> } | undefined> {
  const places = [
    process.env.CHROMIUM_PATH,
    safely(() => chromium.executablePath()),
    '/usr/bin/chromium',
    '/usr/bin/google-chrome',
  ];
  const found = places.find((file) => file !== undefined && existsSync(file));
  if (found !== undefined) return { path: found };
  try {
    const { default: bundled } = await import('@sparticuz/chromium');
    const file = await bundled.executablePath();
    return { path: file, environment: { LD_LIBRARY_PATH: path.join(path.dirname(file), 'al2023', 'lib') } };
  } catch {
    return undefined;
  }
}

function safely(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** A browser whose microphone hears `hz` for ever, and that asks nobody for leave. */
export async function launchChromium(hz = 1000): Promise<Browser> {
  const found = await findChromium();
  if (!found) throw new Error('no Chromium: install the Debian package chromium, or set CHROMIUM_PATH');
  return chromium.launch({
    executablePath: found.path,
    ...(found.environment && { env: { ...process.env, ...found.environment } as Record<string, string> }),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-audio-capture=${toneFile(hz)}`,
      '--autoplay-policy=no-user-gesture-required',
      // A headless window counts as hidden: its timers must not be slowed down.
      '--disable-background-timer-throttling',
      '--disable-renderer-backgrounding',
    ],
  });
}

/** A WAV of one second of a whole number of periods, which Chromium repeats without a seam. */
function toneFile(hz: number): string {
  const rate = 48_000;
  const samples = Buffer.alloc(rate * 2);
  for (let i = 0; i < rate; i++)
    samples.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * hz * i) / rate)), i * 2);
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.length, 40);
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'tonegate-tone-')), `${hz}.wav`);
  writeFileSync(file, Buffer.concat([header, samples]));
  return file;
}
