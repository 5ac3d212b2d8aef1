import { expect, it } from 'vitest';
import { cleanText, textLengthMax } from './text.ts';

it.each([
  ['Raspberry Pi 4\0', 'Raspberry Pi 4'],
  ['\0\0', ''],
  ['  a\t\tb\r\nc  ', 'a b c'],
  ['a\u001b[31mred', 'a [31mred'],
  ['gpj\u202eexe', 'gpj exe'],
  ['a\u2028b\u0085c', 'a b c'],
  ['\ud800lone', '\ufffdlone'],
  ['Größe 你好 🙂', 'Größe 你好 🙂'],
])('%j becomes %j', (text, clean) => {
  expect(cleanText(text)).toBe(clean);
});

it('a text is cut between characters', () => {
  expect(cleanText('x'.repeat(1000))).toBe('x'.repeat(textLengthMax));
  expect(cleanText('x'.repeat(textLengthMax - 1) + '🙂')).toBe('x'.repeat(textLengthMax - 1));
  expect(cleanText(`${'x'.repeat(textLengthMax - 1)} y`)).toBe('x'.repeat(textLengthMax - 1));
});
