import { expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { parseRendition } from '../../src/renditions/notation.ts';
import { renditionPresets } from '../../src/renditions/presets.ts';

const thumb = { name: 'thumb', widthPx: 320, heightPx: 240, fit: 'cover', format: 'jpeg', quality: 85 };

it.each([
  ['thumb=320x240', thumb],
  ['thumb=320x240,webp', { ...thumb, format: 'webp' }],
  ['thumb=320x240,70,inside,png', { ...thumb, format: 'png', fit: 'inside', quality: 70 }],
  [' thumb = 320X240 , JPG , contain ', { ...thumb, fit: 'contain' }],
  ['big=16384x1', { ...thumb, name: 'big', widthPx: 16_384, heightPx: 1 }],
  ['instagram_post', renditionPresets.instagram_post],
  ['facebook_ad,webp,70', { ...renditionPresets.facebook_ad, format: 'webp', quality: 70 }],
])('reads %j', (text, spec) => {
  expect(parseRendition(text)).toEqual(spec);
});

it.each([
  ['thumb=320', 'Expected a size WxH of 1 to 16384 pixels, got "320"'],
  ['thumb=0x240', 'Expected a size WxH of 1 to 16384 pixels, got "0x240"'],
  ['thumb=320x16385', 'Expected a size WxH of 1 to 16384 pixels, got "320x16385"'],
  [
    '../x=1x1',
    'Expected a name of lower-case letters, digits, _ and -, beginning with a letter (at most 40), got "../x"',
  ],
  ['=1x1', 'Expected a name'],
  ['2=1x1', 'beginning with a letter (at most 40), got "2"'],
  [
    'thumb=1x1,gif',
    'Expected a fit (cover, contain, inside), a format (jpeg, webp, avif, png) or a quality of 1 to 100, a gravity (centre, north, northeast, east, southeast, south, southwest, west, northwest, attention, entropy), or an option (max, background, overlay, overlay-place, overlay-scale, overlay-opacity, overlay-margin, caption, caption-place, sharpen, effort, chroma, lossless, progressive, palette), got "gif" in',
  ],
  ['thumb=1x1,0', 'got "0"'],
  ['thumb=1x1,101', 'got "101"'],
  ['thumb=1x1,', 'got ""'],
  ['instagram', 'Expected NAME=WxH, or one of instagram_post, instagram_story'],
  ['constructor', 'Expected NAME=WxH, or one of'],
  ['', 'Expected NAME=WxH, or one of'],
])('refuses %j', (text, message) => {
  expect(() => parseRendition(text)).toThrow(UsageError);
  expect(() => parseRendition(text)).toThrow(message);
});

it('guesses which preset was meant', () => {
  expect(() => parseRendition('instgram_post')).toThrow(
    expect.objectContaining({ suggestion: 'Did you mean instagram_post?' }),
  );
});

it('has a preset under each one’s own name', () => {
  const names = Object.entries(renditionPresets).map(([key, { name }]) => key === name);
  expect(names).toEqual(Array.from({ length: 9 }, () => true));
});
