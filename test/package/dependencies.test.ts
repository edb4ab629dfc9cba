import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

it('docs/dependencies.md says why each dependency is there', async () => {
  const { dependencies, peerDependencies } = JSON.parse(await readFile('package.json', 'utf8'));
  const text = await readFile('docs/dependencies.md', 'utf8');
  const [, own = '', beside = ''] = text.split('\n## ');
  const named = (part: string) => [...part.matchAll(/^\| `([^`]+)` \| \S/gm)].map(([, name]) => name).sort();
  expect(named(own)).toEqual(Object.keys(dependencies).sort());
  expect(named(beside)).toEqual(Object.keys(peerDependencies).sort());
});
