import { expect, it } from 'vitest';
import { filledPrompt, promptTemplate } from '../../../src/sources/specs/promptTemplate.ts';

it('distinguishes placeholders from alternatives, which may have a name', () => {
  expect(promptTemplate('a { product } in {red|dark green}, {light:dawn|dusk}, {|very} calm')).toEqual({
    prompt: 'a {product} in {variant}, {light}, {variant3} calm',
    placeholders: ['product', 'variant', 'light', 'variant3'],
    variants: [
      { name: 'variant', options: ['red', 'dark green'] },
      { name: 'light', options: ['dawn', 'dusk'] },
      { name: 'variant3', options: ['', 'very'] },
    ],
  });
});

it('lets alternatives begin with one', () => {
  expect(promptTemplate('{light:dawn}').variants).toEqual([{ name: 'light', options: ['dawn'] }]);
});

it('fills words in once, and keeps doubled braces', () => {
  const { prompt } = promptTemplate('{{x}} {a} {b}');
  expect(filledPrompt(prompt, { a: '{b}', b: 'B' })).toBe('{x} {b} B');
});

it.each(['a {b', 'a} b', '{}', '{two words}', '{a:x|y} {a:z}'])('refuses %s', (text) => {
  expect(() => promptTemplate(text)).toThrow('Expected {name}, {one|other} or {name:one|other} in a prompt');
});
