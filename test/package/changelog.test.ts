import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
// @ts-expect-error It is plain JavaScript, because `npm version` runs it before anything is built.
import { releaseChangelog } from '../../.ci/changelog.mjs';

const text = '# Changelog\n\nWords.\n\n## Unreleased\n\n### Added\n\n- A.\n\n## 0.1.0 - 2026-01-01\n\n- B.\n';

it('gives unreleased entries the heading of a version', () => {
  expect(releaseChangelog(text, '0.2.0', '2026-02-03')).toBe(
    text.replace('## Unreleased\n', '## Unreleased\n\n## 0.2.0 - 2026-02-03\n'),
  );
});

it('refuses a version that is there, and a release of nothing', () => {
  expect(() => releaseChangelog(text, '0.1.0', '2026-02-03')).toThrow('a heading of 0.1.0 already');
  const released = releaseChangelog(text, '0.2.0', '2026-02-03');
  expect(() => releaseChangelog(released, '0.3.0', '2026-02-03')).toThrow('Expected entries');
  expect(() => releaseChangelog('# Changelog\n', '0.3.0', '2026-02-03')).toThrow('Expected a heading');
});

it('is the form of CHANGELOG.md, which has the version of package.json', async () => {
  const changelog = await readFile('CHANGELOG.md', 'utf8');
  const { version } = JSON.parse(await readFile('package.json', 'utf8'));
  const headings = changelog.match(/^## .*$/gm) ?? [];
  expect(headings[0]).toBe('## Unreleased');
  expect(headings[1]).toMatch(new RegExp(`^## ${version} - \\d{4}-\\d{2}-\\d{2}$`));
});
