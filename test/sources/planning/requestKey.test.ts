import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson } from '../../../src/base/modelInput.ts';
import { requestKey } from '../../../src/sources/planning/requestKey.ts';
import type { Json } from '../../../src/types.ts';

it('is 64 hex digits that never change', () => {
  const key = requestKey({ model: 'owner/name', version: null, input: { prompt: 'a cat', seed: 1 } });
  // printf '{"input":{"prompt":"a cat","seed":1},"model":"owner/name","version":null}' | sha256sum
  expect(key).toBe('3470a8dc63f75c06e1c32c35dc83ef11654fe5ae619ac835aaac2c6027c21e02');
});

it('does not depend on the order of keys, at any depth', () => {
  const request = (input: Record<string, Json>) => requestKey({ model: 'a/b', version: 'c', input });
  expect(request({ a: { x: 1, y: [{ p: 1, q: 2 }] }, b: 2 })).toBe(
    request({ b: 2, a: { y: [{ q: 2, p: 1 }], x: 1 } }),
  );
  expect(request({ a: [1, 2] })).not.toBe(request({ a: [2, 1] }));
  expect(request({ a: '1' })).not.toBe(request({ a: 1 }));
});

it('is made from JSON that means the same', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json: Json = JSON.parse(JSON.stringify(value));
      expect(JSON.parse(canonicalJson(json))).toEqual(json);
    }),
  );
});

it('knows a file by its content, not by its name, and keeps other inputs with that name', () => {
  const file = { source: '/a.png', name: 'a.png', bytes: 1, sha256: 'aa', mediaType: 'image/png' };
  const keyOf = (image: string, sha256: string, prompt = 'a cat') =>
    requestKey({
      model: 'a/b',
      version: null,
      input: { prompt, image },
      files: { image: { ...file, sha256 } },
    });
  expect(keyOf('a.png', 'aa')).toBe(keyOf('copy.png', 'aa'));
  expect(keyOf('a.png', 'aa')).not.toBe(keyOf('a.png', 'bb'));
  expect(keyOf('a.png', 'aa', 'a.png')).not.toBe(keyOf('b.png', 'aa', 'b.png'));
});
