import { expect, it } from 'vitest';
import { requestMatcher } from '../src/operators/predictions/matching/matchRequest.ts';
import { joinXmp } from '../src/provenance/xmp.ts';
import { renditionFields } from '../src/renditions/fields.ts';
import { parseRendition } from '../src/renditions/notation.ts';
import { coerceInput } from '../src/sources/modelInputs/adaptInput.ts';

/** Long enough that quadratic time would be minutes: then the test never ends. */
const LENGTH = 1_000_000;
const zeros = '0'.repeat(LENGTH);
const tabs = '\t'.repeat(LENGTH);
const statement = '<rdf:Description rdf:about="" dc:identifier="https://replicate.com/p/<';

const overlay = (scale: string) =>
  renditionFields.safeParse({ name: 'a', width: 8, height: 8, overlay: { file: 'a', scale } }).success;
const size = (maxBytes: string) =>
  renditionFields.safeParse({ name: 'a', width: 8, height: 8, maxBytes }).success;
const match = (prompt: string) =>
  requestMatcher({ model: 'a/b', version: null, input: { prompt: 'a cat' } })({
    model: 'a/b',
    version: null,
    input: { prompt },
  });
const rendition = (text: string) => () => parseRendition(`thumb=8x8,${text}`);

it('ends soon on long texts of others, in which an expression could begin anywhere', () => {
  expect(() => coerceInput('it', `${zeros}E`, { type: 'number' })).toThrow('a number');
  expect([overlay(`${zeros}x`), overlay(`1${tabs}x`)]).toEqual([false, false]);
  expect([size(`${zeros}x`), size(`1${tabs}x`)]).toEqual([false, false]);
  expect(rendition(`sharpen=${zeros}.`)).toThrow('rendition');
  expect(rendition(`a${tabs}b`)).toThrow('rendition');
  expect(match(`a${tabs}b`)).toBe('other');
  expect(match(`${'\ufffd'.repeat(LENGTH)}x`)).toBe('other');
  expect(() => joinXmp(`${statement.repeat(LENGTH / 100)}>`, new Map())).toThrow(RangeError);
});
