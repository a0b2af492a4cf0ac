/**
 * pdf.js, loaded only where a page is shown. Everything it fetches comes from our own origin, nothing is taken from the
 * machine: with system fonts the same file would look different on two desks. Scripts and forms inside documents stay asleep.
 */
import { getDocument, GlobalWorkerOptions, TextLayer, type PDFDocumentProxy, type PDFPageProxy } from 'pdfjs-dist';
import worker from 'pdfjs-dist/build/pdf.worker.min.mjs?url';

GlobalWorkerOptions.workerSrc = worker;

export type { PDFDocumentProxy, PDFPageProxy };

export function open(source: string | Uint8Array): Promise<PDFDocumentProxy> {
  return getDocument({
    ...(typeof source === 'string' ? { url: source, withCredentials: true } : { data: source }),
    cMapUrl: `${__PDF_RESOURCES__}cmaps/`,
    cMapPacked: true,
    standardFontDataUrl: `${__PDF_RESOURCES__}standard_fonts/`,
    wasmUrl: `${__PDF_RESOURCES__}wasm/`,
    iccUrl: `${__PDF_RESOURCES__}iccs/`,
    useSystemFonts: false,
    // WebAssembly would need a hole in the content security policy; the decoders also exist as plain script.
    useWasm: false,
    enableXfa: false,
  }).promise;
}

/** Draws a page on a canvas, sharp on dense screens; the returned function stops a drawing that is no longer wanted. */
export function draw(
  page: PDFPageProxy,
  canvas: HTMLCanvasElement,
  scale: number,
): { done: Promise<void>; stop: () => void } {
  const density = Math.min(devicePixelRatio || 1, 3);
  const viewport = page.getViewport({ scale: scale * density });
  canvas.width = Math.floor(viewport.width);
  canvas.height = Math.floor(viewport.height);
  const task = page.render({ canvas, viewport });
  const done = task.promise.catch((cause: Error) => {
    if (cause.name !== 'RenderingCancelledException') throw cause;
  });
  return { done, stop: () => task.cancel() };
}

/** Lays the page's text, unseen, over its picture: for reading aloud, finding and copying. */
export async function layText(page: PDFPageProxy, container: HTMLElement, scale: number): Promise<void> {
  container.replaceChildren();
  const viewport = page.getViewport({ scale });
  await new TextLayer({ textContentSource: page.streamTextContent(), container, viewport }).render();
}
