import { expect, it } from 'vitest';
import { isSvg } from '../../src/base/pictures.ts';

it.each([
  ['<svg/>', false],
  ['<svg />', true],
  ['<svg>', true],
  [' \n<SVG xmlns="x">', true],
  ['<?xml version="1.0"?>\n<svg >', true],
  ['<?xml version="1.0"?><!-- by --><!DOCTYPE svg PUBLIC "x">\n<!-- a > b -->\n<svg >', true],
  ['<!DOCTYPE svg PUBLIC "x" "y" [<!ENTITY ns "http://a">\n]>\n<svg xmlns:i="&ns;">', true],
  ['<?xml version="1.0"?><?xml-stylesheet href="a.css"?><svg >', true],
  ['<!DOCTYPE svg [<svg >', false],
  ['<!-- <svg > -->', false],
  ['<!-- <svg >', false],
  ['<html><svg >', false],
  ['<!DOCTYPE html><svg >', false],
  ['<!--><svg >', false],
  ['<!----><!----><svg >', true],
  ['', false],
])('%j: %s', (text, expected) => {
  expect(isSvg(Buffer.from(text))).toBe(expected);
});

it.each(['<!---->', '<!DOCTYPE svg>', '<!DOCTYPE svg [', '<?a ', '\t<!---->\t<!---->', '<!--'])(
  'ends soon with many of %j, and no image behind them',
  (part) => {
    expect(isSvg(Buffer.from(part.repeat(500)))).toBe(false);
  },
);
