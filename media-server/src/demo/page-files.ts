import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = path.join(import.meta.dirname, 'page');
/** The family that the whole product is set in, with Japanese: a machine may have none of its own. */
const FONTS = path.dirname(fileURLToPath(import.meta.resolve('@fontsource-variable/noto-sans-jp/index.css')));
const FONT_FILE = /^\/fonts(\/index\.css|\/files\/noto-sans-jp-[a-z0-9-]{1,40}\.woff2)$/;
const FILES: Readonly<Partial<Record<string, string>>> = {
  '/': 'index.html',
  '/phone.css': 'phone.css',
  '/icon.svg': 'icon.svg',
  '/phone.js': 'phone.js',
  '/keypad.js': 'keypad.js',
  '/cards.js': 'cards.js',
  '/words.js': 'words.js',
  '/sound-socket.js': 'sound-socket.js',
  '/speaker.js': 'speaker.js',
  '/speaker-worklet.js': 'speaker-worklet.js',
  '/jitter-buffer.js': 'jitter-buffer.js',
  '/microphone.js': 'microphone.js',
  '/microphone-worklet.js': 'microphone-worklet.js',
  '/downsampler.js': 'downsampler.js',
  '/tones.js': 'tones.js',
};
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** The file of the page that a URL's path names, and its media type; nothing if there is none. */
export async function readPageFile(
  url: string,
): Promise<{ readonly bytes: Buffer; readonly type: string } | undefined> {
  const own = FILES[url];
  const font = FONT_FILE.exec(url)?.[1];
  const file = own !== undefined ? path.join(FOLDER, own) : font !== undefined ? path.join(FONTS, font) : undefined;
  if (file === undefined) return undefined;
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw cause;
    return undefined;
  });
  return bytes && { bytes, type: TYPES[path.extname(file)] ?? '' };
}
