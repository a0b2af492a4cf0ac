// The voter's side of a blind signature, as the page has it: for voters without a page.
import { readFileSync } from 'node:fs';
import ts from '../../web/node_modules/typescript/lib/typescript.js';

const source = readFileSync(new URL('../../web/src/meeting/ballot/blind.ts', import.meta.url), 'utf8');
const { outputText } = ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 } });
export const { blind, finalize, fromHex, prepare, random, toHex } = await import(`data:text/javascript,${encodeURIComponent(outputText)}`);
