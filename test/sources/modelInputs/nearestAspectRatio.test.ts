import { expect, it } from 'vitest';
import { nearestAspectRatio } from '../../../src/sources/modelInputs/nearestChoice.ts';

const flux = ['1:1', '16:9', '21:9', '3:2', '2:3', '4:5', '5:4', '3:4', '4:3', '9:16', '9:21'];

it.each([
  [1080, 1080, '1:1'],
  [1080, 1920, '9:16'],
  [1200, 628, '16:9'],
  [1500, 500, '21:9'],
  [1000, 1500, '2:3'],
  [1280, 1024, '5:4'],
  [1, 10_000, '9:21'],
])('of flux’s choices takes for %d x %d %s', (widthPx, heightPx, choice) => {
  expect(nearestAspectRatio(widthPx, heightPx, flux)).toBe(choice);
});

it('skips choices that are not ratios', () => {
  expect(nearestAspectRatio(1, 1, ['match_input_image', null, 7, '0:1', '16:9'])).toBe('16:9');
  expect(nearestAspectRatio(1, 1, ['match_input_image'])).toBe(null);
  expect(nearestAspectRatio(1, 1, [])).toBe(null);
});

it('takes half and double as equally far: the first of equals', () => {
  expect(nearestAspectRatio(1, 1, ['1:2', '2:1'])).toBe('1:2');
  expect(nearestAspectRatio(1, 1, ['2:1', '1:2'])).toBe('2:1');
});

it('takes the larger of equal shapes', () => {
  expect(nearestAspectRatio(1080, 1080, ['512x512', '1024x1024', '1365x1024'])).toBe('1024x1024');
});
