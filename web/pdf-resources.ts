import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

/**
 * Serves the data pdf.js loads by name while it draws (character maps, the standard fonts, decoders in WebAssembly,
 * colour profiles) from our own origin. Bundlers cannot see these loads, so the folders are copied as they are; the version
 * in the path makes them cacheable for ever.
 */
export function pdfResources(): Plugin {
  const root = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const base = `assets/pdfjs-${version}`;
  return {
    name: 'hoian-pdf-resources',
    config: () => ({ define: { __PDF_RESOURCES__: JSON.stringify(`/${base}/`) } }),
    configureServer(server) {
      server.middlewares.use(`/${base}`, (request, response, next) => {
        const match = /^\/([a-z_]+)\/([\w.-]+)$/.exec((request.url ?? '').split('?')[0] ?? '');
        if (!match || !FOLDERS.includes(match[1]!)) return next();
        createReadStream(join(root, match[1]!, match[2]!))
          .on('error', () => next())
          .pipe(response.setHeader('content-type', contentType(match[2]!)));
      });
    },
    generateBundle() {
      for (const folder of FOLDERS) {
        for (const name of readdirSync(join(root, folder)).filter(isNeeded)) {
          this.emitFile({
            type: 'asset',
            fileName: `${base}/${folder}/${name}`,
            source: readFileSync(join(root, folder, name)),
          });
        }
      }
    },
  };
}

const FOLDERS = ['cmaps', 'standard_fonts', 'wasm', 'iccs'];

/** `quickjs-eval` runs scripts found inside documents, which this client never does. */
const isNeeded = (name: string): boolean => !name.startsWith('quickjs');

const contentType = (name: string): string =>
  name.endsWith('.wasm') ? 'application/wasm' : name.endsWith('.js') ? 'text/javascript' : 'application/octet-stream';
