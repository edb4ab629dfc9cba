import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedact } from '../../../src/base/secrets.ts';
import { cleanBody } from '../../../src/providers/http/serviceBody.ts';

const token = 'r8_S3cr3tT0ken';
const redact = createRedact([token]);
const clean = (text: string) => cleanBody(text, redact);
const escaped = token
  .split('')
  .map((c) => `\\u00${c.charCodeAt(0).toString(16)}`)
  .join('');

describe('a token', () => {
  it.each([
    ['in a value', `{"error":"bad ${token}"}`, '{"error":"bad [token]"}'],
    ['in a value, escaped', `{"error":"bad ${escaped}"}`, '{"error":"bad [token]"}'],
    ['in a list', `{"output":["${token}",1,null]}`, '{"output":["[token]",1,null]}'],
    ['in a key', `{"metrics":{"${token}":1}}`, '{"metrics":{"[token]":1}}'],
    ['in a key, escaped', `{"${escaped}":{"a":1}}`, '{"[token]":{"a":1}}'],
    ['as the whole', `"${token}"`, '"[token]"'],
    [
      'in JSON inside JSON',
      JSON.stringify({ logs: `{"t":"${escaped}"}` }),
      '{"logs":"{\\"t\\":\\"[token]\\"}"}',
    ],
    ['in a URL', `{"output":"https://a.b/?t=${token}&x=1"}`, '{"output":"https://a.b/?t=[token]&x=1"}'],
    ['under an odd name', `{"__proto__":"${token}"}`, '{"__proto__":"[token]"}'],
    ['in a page', `<p>${token}</p>`, '<p>[token]</p>'],
    ['in broken JSON', `{"error":"${escaped}`, '{"error":"[token]'],
  ])('%s is replaced', (_name, text, expected) => {
    expect(clean(text)).toBe(expected);
  });

  it('is replaced wherever it stands in any JSON', () => {
    const text = fc.oneof(
      fc.string(),
      fc.tuple(fc.string(), fc.string()).map(([a, b]) => a + token + b),
    );
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.constantFrom(null, true, 1.5),
        fc.array(tie('json'), { maxLength: 3 }),
        fc.dictionary(text, tie('json'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(json, (value) => {
        const after = clean(JSON.stringify(value));
        expect(after).not.toContain(token);
        expect(JSON.stringify(JSON.parse(after))).not.toContain(token);
      }),
      { numRuns: 200 },
    );
  });
});

it('leaves a body without one as it is, to the letter', () => {
  const body = '{ "id": "p1",\n "output": ["https://a.b/c%20d.png"], "x": 1.0, "y": "\\u00e4" }\n';
  expect(clean(body)).toBe(body);
  expect(clean('')).toBe('');
});

describe('deep nesting', () => {
  const nested = (levels: number, inner: string) => '['.repeat(levels) + inner + ']'.repeat(levels);

  it('is left as it is up to 200 levels', () => {
    const body = `{"output":${nested(199, '"https://a.b/c.png"')}}`;
    expect(clean(body)).toBe(body);
  });

  it.each([300, 20_000, 1_000_000])(
    'of %i levels becomes the list of its texts, without a hang',
    (levels) => {
      const body = clean(`{"id":"p1","output":${nested(levels, '"https://a.b/c.png",{"x":["b",1]},"c"')}}`);
      expect(body).toBe(`{"id":"p1","output":${nested(200, '"https://a.b/c.png","b","c"')}}`);
    },
  );

  it('hides no token', () => {
    expect(clean(nested(300, `"${escaped}"`))).toBe(nested(201, '"[token]"'));
    expect(clean(`${'{"a":'.repeat(300)}"${token}"${'}'.repeat(300)}`)).not.toContain(token);
  });
});
