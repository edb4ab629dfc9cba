// Gives the unreleased entries of CHANGELOG.md the heading of a version. `npm version` runs it.
import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Returns the changelog with the entries below `## Unreleased` under `## VERSION - DATE`, and an
 * empty `## Unreleased` above them. Throws if there are none, or if the version has a heading.
 */
export function releaseChangelog(text, version, date) {
  const heading = `## ${version} - ${date}`;
  if (text.includes(`\n## ${version} - `))
    throw new Error(`CHANGELOG.md has a heading of ${version} already.`);
  const [before, after] = text.split(/^## Unreleased\n/m);
  if (after === undefined) throw new Error('Expected a heading `## Unreleased` in CHANGELOG.md, got none');
  if (/^\s*(?:## |$(?![\s\S]))/.test(after))
    throw new Error('Expected entries below `## Unreleased`, got none');
  return `${before}## Unreleased\n\n${heading}\n${after}`;
}

if (import.meta.main) {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync('CHANGELOG.md', releaseChangelog(readFileSync('CHANGELOG.md', 'utf8'), version, date));
}
