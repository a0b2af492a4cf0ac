import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { pdfResources } from './pdf-resources.ts';

/** Where `npm run dev` finds the running program. */
const server = process.env.HOIAN_SERVER ?? 'http://localhost:8080';

const proxy = {
  '/api': { target: server, ws: true },
  '/pki': server,
  '/healthz': server,
  '/readyz': server,
};

export default defineConfig({
  plugins: [svelte(), pdfResources()],
  build: {
    target: 'es2023',
    // The content security policy allows no inline script and no data: fonts, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy },
  preview: { proxy },
  test: { include: ['src/**/*.test.ts'] },
});
