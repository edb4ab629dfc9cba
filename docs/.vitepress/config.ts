import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { defineConfig } from 'vitepress';
import { sidebar } from './pages/sidebar.ts';

const repository = 'https://github.com/rxposure/rxposure';

/** The pages of the reference, which `npm run docs:api` writes: one for each subpath. */
const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const reference = Object.entries<{ types?: string }>(exports)
  .filter(([, { types }]) => types !== undefined)
  .map(([subpath]) => posix.join('rxposure', subpath))
  .map((text) => ({ text, link: `/reference/${posix.basename(text)}` }));

const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="#2563c9"/></svg>';

function withoutExpressions(html: string): string {
  return html.replaceAll('{{', '&#123;&#123;');
}

export default defineConfig({
  title: 'rxposure',
  description: 'Batch image generation on Replicate. It never pays twice, it never loses an output.',
  base: '/rxposure/',
  head: [['link', { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(icon)}` }]],
  cleanUrls: true,
  lastUpdated: false,
  outDir: '../artifacts/site',
  cacheDir: '../.cache/vitepress',
  // Dead links fail the build; so do those to files of the repository, which have to be absolute.
  ignoreDeadLinks: false,
  markdown: {
    config(md) {
      // The pages are plain Markdown: `{{` means itself, not an expression of Vue.
      const { text, code_inline: code } = md.renderer.rules;
      md.renderer.rules.text = (...token) => withoutExpressions(text?.(...token) ?? '');
      md.renderer.rules.code_inline = (...token) => withoutExpressions(code?.(...token) ?? '');
    },
  },
  themeConfig: {
    // Pages that explain come before the reference.
    search: {
      provider: 'local',
      options: {
        miniSearch: {
          searchOptions: { boostDocument: (id: string) => (id.includes('/reference/') ? 0.3 : 1) },
        },
      },
    },
    sidebar: sidebar.map((group) =>
      group.text === 'Reference'
        ? { ...group, collapsed: true, items: [...group.items, ...reference] }
        : group,
    ),
    outline: [2, 3],
    socialLinks: [{ icon: 'github', link: repository }],
    editLink: { pattern: `${repository}/edit/main/docs/:path` },
    docFooter: { prev: 'Before', next: 'Next' },
  },
});
