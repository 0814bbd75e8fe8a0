import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// WEB_OUT is set by web.targets: the build's output goes below the server's obj folder, never into the source tree.
export default defineConfig({
  plugins: [react()],
  build: {
    outDir: process.env['WEB_OUT'] ?? 'dist',
    emptyOutDir: true,
    sourcemap: false,
    manifest: true,
    target: 'es2022',
    // The content security policy allows no data: images or styles, so small files stay files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: Object.fromEntries(['/api', '/events-api', '/otlp'].map((path) => [path, process.env['THROUGHLINE_URL'] ?? 'http://127.0.0.1:16686'])) },
  // A limit for what hangs, not for what is slow on a busy machine.
  test: { environment: 'happy-dom', testTimeout: 60_000, include: ['test/**/*.test.{ts,tsx}'] },
});
