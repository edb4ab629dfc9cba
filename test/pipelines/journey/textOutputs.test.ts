import { defer, of, throwError } from 'rxjs';
import { expect, it } from 'vitest';
import { createOutputsText } from '../../../src/pipelines/journey/textOutputs.ts';
import type { Model, ModelSchema } from '../../../src/types.ts';

const version = 'a'.repeat(64);

/** Asks a service that gives these schemas, one after the other; an error for the last. */
function asking(...schemas: (ModelSchema | null)[]) {
  const asked: string[] = [];
  const outputsText = createOutputsText({
    getModel: (name, pinned) =>
      defer(() => {
        asked.push(`${name}:${pinned}`);
        const schema = schemas.shift();
        const model: Model = { name, latestVersion: null, isOfficial: null, schema: schema ?? null };
        return schema === undefined ? throwError(() => new Error('no response')) : of(model);
      }),
  });
  return { asked, outputsText };
}

const files: ModelSchema = { properties: {}, required: [] };
const texts: ModelSchema = { ...files, outputsText: true };

it('asks once for each model and version', async () => {
  const { asked, outputsText } = asking(texts, files);
  expect(await outputsText({ model: 'a/b', version })).toBe(true);
  expect(await outputsText({ model: 'a/b', version })).toBe(true);
  expect(await outputsText({ model: 'a/b', version: 'hidden' })).toBe(false);
  expect(await outputsText({ model: 'a/b', version: null })).toBe(false);
  expect(asked).toEqual([`a/b:${version}`, 'a/b:null']);
});

it('treats a missing schema or response as one without texts', async () => {
  const { asked, outputsText } = asking(null);
  expect(await outputsText({ model: 'a/b', version })).toBe(false);
  expect(await outputsText({ model: 'c/d', version })).toBe(false);
  expect(await outputsText({ model: 'c/d', version })).toBe(false);
  expect(asked).toHaveLength(3);
});
