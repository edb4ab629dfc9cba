import { readdir, readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { schemaFiles } from './writeSchemas.ts';

const specs = (await readdir('examples')).filter((name) => name.endsWith('.yaml'));

/** Checks a spec by the schema that its first line names. */
async function check(name: string): Promise<{ text: string; isValid: (spec: unknown) => boolean }> {
  const text = await readFile(`examples/${name}`, 'utf8');
  const [, path = ''] = /^# yaml-language-server: \$schema=\.\.\/(schemas\/\w+\.json)\n/.exec(text) ?? [];
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  const validate = ajv.compile(JSON.parse(await readFile(path, 'utf8')));
  return { text, isValid: (spec) => validate(spec) === true };
}

describe('schemas/', () => {
  it('matches the schema that specs are read by; `npm run schemas` writes it', async () => {
    const files = schemaFiles();
    expect((await readdir('schemas')).map((name) => `schemas/${name}`).sort()).toEqual(
      [...files.keys()].sort(),
    );
    for (const [path, text] of files) expect(await readFile(path, 'utf8'), path).toBe(text);
  });

  it.each(specs)('accepts examples/%s, and refuses it with a mistake', async (name) => {
    const { text, isValid } = await check(name);
    const spec = parse(text);
    expect(isValid(spec)).toBe(true);
    expect(isValid({ ...spec, buget: 2 })).toBe(false);
    expect(isValid({ ...spec, renditions: [{ name: 'x' }] })).toBe(false);
    expect(isValid({ ...spec, renditions: ['instagram_pots'] })).toBe(false);
    expect(isValid({ ...spec, renditions: ['instagram_post', 'thumb=20x20,webp'] })).toBe(true);
  });
});
