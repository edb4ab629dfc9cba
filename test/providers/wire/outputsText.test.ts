import { expect, it } from 'vitest';
import { parseModelSchema } from '../../../src/providers/wire/modelSchema.ts';
import { outputsText } from '../../../src/providers/wire/outputSchema.ts';

const uri = { type: 'string', format: 'uri' };
const file = { $ref: '#/components/schemas/File' };

it.each<[string, unknown, boolean]>([
  ['a file', { ...uri, title: 'Output' }, false],
  ['files', { type: 'array', items: uri, title: 'Output' }, false],
  ['a file or null', { anyOf: [uri, { type: 'null' }] }, false],
  ['a file behind a reference', { allOf: [file] }, false],
  ['files by name', { type: 'object', properties: { mask: uri, image: file } }, false],
  ['a number', { type: 'number' }, false],
  ['anything', {}, false],
  ['nothing', undefined, false],
  ['a text', { type: 'string', title: 'Output' }, true],
  ['texts', { type: 'array', items: { type: 'string' }, 'x-cog-array-type': 'iterator' }, true],
  ['an object of unknown fields', { type: 'object' }, true],
  ['a file and a text', { type: 'object', properties: { image: uri, caption: { type: 'string' } } }, true],
  ['a file that is named as a text', { type: 'object', properties: { mask: uri, coco_json: uri } }, true],
  ['a file that is described as a text', { ...uri, description: 'The subtitles, as SRT' }, true],
  ['a word that has another in it', { ...uri, description: 'A texture in context' }, false],
  ['a text behind references', { oneOf: [file, { $ref: '#/components/schemas/Caption' }] }, true],
])('reads an output of %s', (_name, output, expected) => {
  const definitions = { Output: output, File: uri, Caption: { type: 'string' } };
  expect(outputsText(definitions)).toBe(expected);
  const schema = parseModelSchema({ components: { schemas: { ...definitions, Input: { properties: {} } } } });
  expect(schema?.outputsText ?? false).toBe(expected);
});

it('ends if parts refer to themselves or are malformed', () => {
  const self = { $ref: '#/components/schemas/Output' };
  expect(outputsText({ Output: { ...self, anyOf: Array(50).fill(self), items: self } })).toBe(false);
  expect(outputsText({ Output: 'text' })).toBe(false);
  expect(outputsText({ Output: { properties: [1], anyOf: 7, type: ['string'] } })).toBe(false);
});
