import { fileURLToPath } from 'node:url';
import * as electron from 'electron';
import type { ElectronLike } from './electron-like.ts';
import { installMain } from './install-main.ts';
import { serverAddress } from './server-address.ts';

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const server = serverAddress(process.argv, process.env['TONEGATE_URL']);
if ('url' in server) {
  const japanese = Intl.DateTimeFormat().resolvedOptions().locale.startsWith('ja');
  installMain(electron satisfies ElectronLike, {
    server: server.url,
    preload: file('./preload.cjs'),
    icon: file('../assets/icon.png'),
    argv: process.argv,
    words: japanese ? { open: '開く', quit: '終了' } : { open: 'Open', quit: 'Quit' },
    later: (ms, retry) => void setTimeout(retry, ms),
  });
} else {
  electron.dialog.showErrorBox('Tonegate', server.problem);
  electron.app.exit(1);
}
