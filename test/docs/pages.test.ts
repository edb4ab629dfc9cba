import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { withGeneratedParts } from '../../docs/.vitepress/pages/cliPage.ts';
import { sidebar } from '../../docs/.vitepress/pages/sidebar.ts';

const pages = [
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && !path.startsWith('.vitepress') && !path.startsWith('reference'))
    .map((path) => join('docs', path)),
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md'],
];

/** A page without its code. */
function proseOf(page: string): string {
  return readFileSync(page, 'utf8').replace(/```[\s\S]*?```/g, '');
}

/** The anchors of a page's headings, as GitHub and the site make them. */
function anchorsOf(page: string): ReadonlySet<string> {
  const headings = [...proseOf(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) => title);
  return new Set(
    headings.map((title) =>
      title
        .toLowerCase()
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

const repository = 'https://github.com/rxposure/rxposure/blob/main/';
const raw = 'https://raw.githubusercontent.com/rxposure/rxposure/main/';

it.each(pages)('%s: links lead to files and headings that are there', (page) => {
  const links = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  for (const link of links) {
    const isOwn = link.startsWith(repository) || link.startsWith(raw);
    if (/^[a-z]+:/.test(link) && !isOwn) continue;
    const [path = '', anchor] = link.replace(repository, '').replace(raw, '').split('#');
    const target = path === '' ? page : join(isOwn ? '.' : dirname(page), path);
    expect(existsSync(target), `${link} in ${page}`).toBe(true);
    if (anchor !== undefined) expect([...anchorsOf(target)], link).toContain(anchor);
  }
  expect(links.length).toBeGreaterThanOrEqual(0);
});

it.each(pages)('%s has one heading of the first order, at its top', (page) => {
  const headings = proseOf(page).match(/^# .+$/gm) ?? [];
  expect(headings).toHaveLength(1);
  expect(readFileSync(page, 'utf8').replace(/^---\n[\s\S]*?---\n+/, '')).toMatch(/^# /);
});

it('README.md has absolute links, as npm shows it elsewhere', () => {
  const links = [...proseOf('README.md').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  expect(links.filter((link) => !link.startsWith('https://'))).toEqual([]);
});

it('every page is in the sidebar, once', () => {
  const listed = sidebar.flatMap(({ items }) => items.map(({ link }) => link));
  const own = pages.filter((page) => page.startsWith('docs/'));
  const links = own.map((page) => `/${relative('docs', page).replace(/(index)?\.md$/, '')}`);
  expect(listed.filter((link) => !link.startsWith('/reference/')).sort()).toEqual(links.sort());
});

it('docs/cli.md has the commands, flags and exit codes of the code; `npm run docs:cli` writes them', () => {
  const page = readFileSync('docs/cli.md', 'utf8');
  expect(page).toContain('| `--concurrency N');
  expect(withGeneratedParts(page)).toBe(page);
});
