/// <reference types="vite/client" />

/** Where the data of pdf.js is served, see pdf-resources.ts. */
declare const __PDF_RESOURCES__: string;
