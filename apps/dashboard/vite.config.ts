import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `npm run dev -w @edgeflow/dashboard` finds a cloud: `npm start` on this machine, unless told otherwise. */
const cloud = process.env['EDGEFLOW_DEV_CLOUD'] ?? 'http://127.0.0.1:3000';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2023',
    // A data: URL is one more thing for the Content-Security-Policy to allow.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // What counts is what is sent: e2e/browser/first-load.test.ts.
    chunkSizeWarningLimit: 2_000,
    modulePreload: { polyfill: false },
  },
  server: {
    host: '127.0.0.1',
    proxy: Object.fromEntries(
      ['/api', '/docs', '/healthz', '/readyz', '/ca.pem'].map((path) => [
        path,
        { target: cloud, changeOrigin: false },
      ]),
    ),
  },
});
