import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { flagTable } from '../src/cli/flags/flagTable.ts';
import { flagsAlone, option, optionsByFlag } from '../src/errors.ts';
import type { ImagesOptions } from '../src/pipelines/front/options.ts';
import type { PromptsOfFile } from '../src/pipelines/front/prompts.ts';
import type { RunSettings } from '../src/pipelines/run/settings.ts';

describe('option', () => {
  it('names an option by its flag and as it is in code', () => {
    expect(option('--budget')).toBe('--budget (`budgetUsd` in code)');
    expect(option('--limit', '10')).toBe('--limit 10 (`limit` in code)');
  });

  it('shows flags alone at a terminal', () => {
    const text = `Raise ${option('--budget')}, or choose another folder with ${option('--out')}.`;
    expect(flagsAlone(text)).toBe('Raise --budget, or choose another folder with --out.');
    // A text that only looks alike stays.
    expect(flagsAlone('a fox (`red` in code)')).toBe('a fox (`red` in code)');
  });

  it('knows flags of scripts, and options of runs', () => {
    const names: readonly (keyof ImagesOptions | keyof RunSettings | keyof PromptsOfFile)[] =
      Object.values(optionsByFlag);
    expect(names.length).toBeGreaterThan(0);
    const flags = flagTable.map(({ name }) => `--${name}`);
    expect(Object.keys(optionsByFlag).filter((flag) => !flags.includes(flag))).toEqual([]);
  });
});

it('errors below the scripts name flags with `option` alone, so that programs understand them', () => {
  const paths = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.ts$/.test(path) && !/^(?:cli|simulator)\/|galleryAssets|^errors\.ts$/.test(path))
    .map((path) => join('src', path));
  // Flags of other programs, of a page and of workers, which programs do not start, and a flag
  // behind its like.
  const others =
    /option\('--[a-z-]+'|--(?:env-file|max-semi-space-size|watch|scratch|shared|pwfile)\b|join\(' --input '\)/g;
  const found = paths.flatMap((path) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => !/^\s*(?:\*|\/\/|\/\*)/.test(line))
      .filter((line) => /(?:^|[ '"`(])--[a-z]/.test(line.replaceAll(others, '')))
      .map((line) => `${path}: ${line.trim()}`),
  );
  expect(found).toEqual([]);
});
