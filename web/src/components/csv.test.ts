import { describe, expect, it } from 'vitest';
import { csv } from './csv';

describe('a list as a file', () => {
  it('keeps quotation marks and runs no formula', async () => {
    const bytes = new Uint8Array(await csv([['=1+1', 'a"b;c', '', "-'"]]).arrayBuffer());
    expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)).toBe('\ufeff"\'=1+1";"a""b;c";"";"\'-\'"\r\n');
  });
});
