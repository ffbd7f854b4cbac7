import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// `npm run dev -w client` shows the softphone with hot reload in front of a running server.
const SERVER = process.env['TONEGATE_URL'] ?? 'https://localhost:7443';

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // One page, opened once a day, that needs all of it: splitting it would bring nothing (206 kB compressed).
    chunkSizeWarningLimit: 1000,
  },
  server: {
    proxy: {
      // The server's own certificate is a development one, which Node doesn't know; this proxy never leaves the machine.
      '/v1': { target: SERVER, changeOrigin: true, secure: false, ws: true },
      '/sip': { target: SERVER, changeOrigin: true, secure: false, ws: true },
    },
  },
});
