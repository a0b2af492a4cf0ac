import { describe, expect, it } from 'vitest';
import { fill, type Message } from './locale.svelte';
import { numberWord, sentence } from './words';

type Messages = Record<string, Message>;
const vi = import.meta.glob<Messages>('../**/vi.json', { eager: true, import: 'default' });
const en = import.meta.glob<Messages>('../**/en.json', { eager: true, import: 'default' });

const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
const marks = (text: string) => [...text.matchAll(/<\/?(\w+)>/g)].map((match) => match[0]).sort();
const forms = (message: Message) => (typeof message === 'string' ? [message] : [message.one, message.other]);

describe('catalogs', () => {
  it('exist in pairs', () => {
    expect(Object.keys(vi).length).toBeGreaterThan(0);
    expect(Object.keys(vi).map((path) => path.replace('vi.json', ''))).toEqual(
      Object.keys(en).map((path) => path.replace('en.json', '')),
    );
  });

  for (const [path, messages] of Object.entries(vi)) {
    const english = en[path.replace('vi.json', 'en.json')]!;
    it(`${path} has the same keys in both languages`, () => {
      expect(Object.keys(english).sort()).toEqual(Object.keys(messages).sort());
    });
    it(`${path} has the same places and marks in both languages`, () => {
      for (const [key, message] of Object.entries(messages)) {
        for (const form of forms(english[key] ?? '')) {
          // A singular form may leave out its count: "one document".
          const expected = places(message as string).filter((name) => name !== 'count');
          expect(
            places(form).filter((name) => name !== 'count'),
            key,
          ).toEqual(expected);
          expect(marks(form), key).toEqual(marks(message as string));
        }
      }
    });
    it(`${path} is in composed form, as every text the product shows`, () => {
      for (const text of Object.values(messages)) expect(text).toBe((text as string).normalize('NFC'));
    });
  }
});

describe('texts', () => {
  it('fill their places and leave unknown ones visible', () => {
    expect(fill('Chào đồng chí {name}, {rest}', { name: 'Hà' })).toBe('Chào đồng chí Hà, {rest}');
  });
  it('write small counts as words', () => {
    expect(numberWord(3, 'vi')).toBe('ba');
    expect(numberWord(28, 'vi')).toBe('28');
    expect(sentence(numberWord(1, 'en'))).toBe('One');
    expect(sentence('ấn')).toBe('Ấn');
  });
});
