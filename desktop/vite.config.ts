import { copyFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// Electron runs JavaScript: the main process becomes one file, the sandboxed preload stays as it is written.
export default defineConfig({
  root: here('.'),
  build: {
    ssr: here('src/main.ts'),
    outDir: here('dist'),
    emptyOutDir: true,
    target: 'node24',
    rolldownOptions: { external: ['electron'] },
  },
  plugins: [
    {
      name: 'preload',
      writeBundle: () => copyFile(here('src/preload.cjs'), here('dist/preload.cjs')),
    },
  ],
});
