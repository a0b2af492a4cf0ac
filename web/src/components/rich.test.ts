import { expect, it } from 'vitest';
import { parse } from './rich';

it('finds marked words', () => {
  expect(parse('Còn <muc>chữ ký</muc>, rồi <son>dấu</son>.')).toEqual([
    { text: 'Còn ' },
    { text: 'chữ ký', mark: 'muc' },
    { text: ', rồi ' },
    { text: 'dấu', mark: 'son' },
    { text: '.' },
  ]);
});

it('keeps everything else as text', () => {
  expect(parse('<img src=x> & <muc>mở')).toEqual([{ text: '<img src=x> & <muc>mở' }]);
});
