import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aMixedOutcome, writeGalleryOf } from './aGallery.ts';
import { axeViolations, launchBrowser, openPage, whyNoBrowser } from './openPage.ts';

const hostile = [
  '<img src=x onerror="alert(1)">',
  '</script><script>alert(2)</script>',
  '<!-- <script> -->',
  'javascript:alert(3)',
  `"'\`><svg onload=alert(4)>`,
  '\u202egnitirw desrever \u2066isolated',
  '{{constructor.constructor("alert(5)")()}} $& %s',
  `${'very long '.repeat(3_000)}end`,
  '\u0000\u0007\u2028 line\nbreak \ud800',
];
/** About 9 rows of 7 tiles fit into 2,300 px: the window of 900 px and its margins of 700 px. */
const MAX_TILES = 100;

const outcomes = Array.from({ length: 200 }, (_, index) => {
  const prompt = hostile[index - 40];
  return prompt === undefined
    ? aMixedOutcome(index)
    : aMixedOutcome(index, {
        prompt,
        input: { prompt, '<b>key</b>': prompt.slice(0, 50) },
        tags: { platform: 'instagram_post', mood: '<i onclick=alert(7)>x</i>', __proto__: 'x' },
      });
});

describe.skipIf(whyNoBrowser !== null)(
  `the gallery in a browser${whyNoBrowser === null ? '' : ` (${whyNoBrowser})`}`,
  () => {
    let folder = '';
    let path = '';
    let browser: Browser;
    beforeAll(async () => {
      folder = join(await mkdtemp(join(tmpdir(), 'rxposure-')), 'a run & <more>');
      path = await writeGalleryOf(folder, outcomes);
      browser = await launchBrowser();
    });
    afterAll(async () => {
      await browser.close();
      await rm(join(folder, '..'), { recursive: true, force: true });
    });
    const open = (config = {}) => openPage(browser, path, config);
    /** Returns the numbers of the tiles that are in the document, in the order of the page. */
    const shown = (page: Awaited<ReturnType<typeof open>>['page']) =>
      page
        .locator('main')
        .getByRole('listitem')
        .evaluateAll((tiles) =>
          tiles
            .sort((a, b) => Number(a.getAttribute('aria-posinset')) - Number(b.getAttribute('aria-posinset')))
            .map((tile) => tile.querySelector('.number')?.textContent),
        );

    it('shows a mixed run, requests only its images and logs no complaint', async () => {
      const { page, complaints, requests } = await open();
      expect(await page.title()).toBe('a run & <more>');
      expect(await page.locator('h1').textContent()).toBe('a run & <more>');
      expect((await shown(page)).slice(0, 12)).toEqual([
        '1',
        '2',
        '3',
        '4',
        '5',
        '6',
        '7',
        '8',
        '9',
        '10',
        '11',
        '12',
      ]);
      expect(await page.getByRole('img', { name: /^A lighthouse number 0 / }).getAttribute('alt')).toBe(
        outcomes[0]?.prompt,
      );
      await expect
        .poll(() =>
          page
            .locator('.grid img')
            .first()
            .evaluate((image: HTMLImageElement) => image.naturalWidth),
        )
        .toBe(256);
      expect(await page.locator('.blank.is-failed').first().textContent()).toContain(
        'NSFW content was found',
      );
      for (let step = 0; step < 30; step += 1) {
        await page.mouse.wheel(0, 600);
        await page.evaluate(() => new Promise(requestAnimationFrame));
      }
      expect((await shown(page)).at(-1)).toBe('200');
      expect(complaints).toEqual([]);
      const base = pathToFileURL(folder).href;
      expect(requests.filter((url) => !url.startsWith(`${base}/`))).toEqual([]);
      await page.close();
    });

    it('shows hostile prompts as plain text', async () => {
      const { page, complaints } = await open();
      for (const [index, prompt] of hostile.entries()) {
        await page.getByRole('searchbox').fill(`#${41 + index}`);
        await expect.poll(() => shown(page)).toEqual([String(41 + index)]);
        await page.locator('.tile .open').click();
        // HTML has no NUL and no half characters; long texts are cut.
        const text = await page.locator('dialog[open] .prompt').evaluate((element) => element.textContent);
        expect(text).toBe(prompt.length > 10_000 ? `${prompt.slice(0, 10_000)}…` : prompt);
        expect(await page.getByText('Copy as command').count()).toBe(prompt.length > 10_000 ? 0 : 1);
        await page.keyboard.press('Escape');
      }
      expect(await page.locator('main script, main svg[onload], main i, main b').count()).toBe(0);
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('searches, filters and sorts', async () => {
      const { page } = await open();
      const count = page.locator('.count');
      await page.getByLabel('Status').selectOption('failed');
      expect(await count.textContent()).toBe('16 of 200');
      await page.getByLabel('Mood', { exact: true }).selectOption('dusk');
      expect(await count.textContent()).toBe('0 of 200');
      expect(await page.getByText('No match.').isVisible()).toBe(true);
      await page.getByLabel('Mood', { exact: true }).selectOption('noon');
      await page.getByLabel('Model', { exact: true }).selectOption('black-forest-labs/flux-dev');
      expect(await count.textContent()).not.toBe('0 of 200');
      for (const label of ['Status', 'Mood', 'Model'])
        await page.getByLabel(label, { exact: true }).selectOption('All');
      await page.getByLabel('Platform').selectOption('twitter_post');
      await page.getByRole('searchbox').fill('lighthouse 1013');
      expect(await shown(page)).toEqual(['14']);
      await page.getByRole('searchbox').fill('');
      await page.getByLabel('Platform').selectOption('All');
      await page.getByLabel('Order').selectOption('Slowest first');
      expect((await shown(page)).slice(0, 3)).toEqual(['17', '34', '51']);
      await page.getByLabel('Order').selectOption('Newest first');
      expect((await shown(page)).slice(0, 2)).toEqual(['200', '199']);
      await page.close();
    });

    it('shows any two tags as rows and columns', async () => {
      const { page } = await open();
      await page.getByLabel('Layout').selectOption('Table');
      expect(await page.locator('.axes thead th').allTextContents()).toEqual([
        'Model \\ Platform',
        'instagram_post',
        'twitter_post',
        'instagram_story',
      ]);
      await page.getByLabel('Rows').selectOption('Mood');
      await page.getByLabel('Model', { exact: true }).selectOption('black-forest-labs/flux-schnell');
      expect((await page.locator('.axes tbody th').allTextContents()).slice(0, 2)).toEqual(['dawn', 'dusk']);
      await page
        .locator('.axes tbody tr')
        .first()
        .getByRole('button', { name: /^All \d+/ })
        .first()
        .click();
      expect(await page.locator('.count').textContent()).toMatch(/^(?!200)\d+ of 200$/);
      expect(await page.getByLabel('Mood', { exact: true }).locator('option:checked').textContent()).toBe(
        'dawn',
      );
      await page.close();
    });

    it('works with the keyboard alone', async () => {
      const { page, complaints } = await open();
      await page.keyboard.press('/');
      await page.keyboard.type('lighthouse');
      await page.locator('.tile .open').first().focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowDown');
      const focused = () =>
        page.evaluate(() => document.activeElement?.closest('li')?.getAttribute('data-position'));
      const position = Number(await focused());
      expect(position).toBeGreaterThan(2);
      await page.keyboard.press('End');
      expect(Number(await focused())).toBeGreaterThan(150);
      await page.keyboard.press('Home');
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', { name: 'Number 1' });
      expect(await dialog.locator('.counter').textContent()).toMatch(/^1 of /);
      await page.keyboard.press('ArrowDown');
      expect(await dialog.locator('.stage img').getAttribute('src')).toBe('./pictures/0--thumb.jpg');
      await page.keyboard.press('ArrowUp');
      await page.keyboard.press('+');
      const transform = () =>
        page.locator('dialog[open] .stage img').evaluate((image: HTMLElement) => image.style.transform);
      expect(await transform()).toContain('scale(1.4)');
      await page.keyboard.press('z');
      expect(await transform()).toContain('scale(1)');
      await page.keyboard.press('i');
      expect(await page.locator('dialog[open] aside').isVisible()).toBe(false);
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('Escape');
      await expect.poll(focused).toBe('1');
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('shows all details of an image, and copies a command', async () => {
      const { page } = await open();
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await page.locator('.tile .open').first().click();
      const facts = await page.locator('dialog[open] .details').textContent();
      for (const fact of [
        'black-forest-labs/flux-schnell',
        '1000',
        '$0.003',
        '1.00 s',
        '2.00 s',
        'instagram_post',
        'aspect_ratio',
        'prediction0',
        '256 × 256',
      ]) {
        expect(facts).toContain(fact);
      }
      await page.getByRole('button', { name: 'Copy as command' }).click();
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(
        'npx rxposure generate again.jsonl',
      );
      await page.close();
    });

    it('marks a simulation, and copies a command that pays nothing', async () => {
      const own = join(folder, '../simulated');
      const simulated = [0, 1].map((index) => aMixedOutcome(index, { service: 'simulator' }));
      for (const [width, colorScheme] of [
        [1440, 'light'],
        [375, 'dark'],
      ] as const) {
        const { page, complaints } = await openPage(
          browser,
          await writeGalleryOf(own, simulated, 'simulator'),
          { width, colorScheme },
        );
        expect(await page.locator('.badge').innerText()).toMatch(/^Simulated\s+No model made these pictures/);
        expect(await axeViolations(page)).toEqual([]);
        await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
        await page.locator('.tile .open').first().click();
        expect(await page.locator('dialog[open] .details').textContent()).toContain('rxposure simulator');
        await page.getByRole('button', { name: 'Copy as command' }).click();
        await page.getByRole('button', { name: 'Copied' }).waitFor();
        expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/ --simulate$/);
        expect(complaints).toEqual([]);
        await page.close();
      }
      const { page } = await open();
      expect(await page.locator('.badge').count()).toBe(0);
      await page.close();
    });

    it('compares images side by side, zoomed together', async () => {
      const { page } = await open();
      for (const index of [0, 1, 2]) {
        await page.locator('.tile .open').nth(index).focus();
        await page.keyboard.press('c');
      }
      expect(await page.locator('.comparing').textContent()).toContain('3 chosen');
      await page.getByRole('button', { name: 'Compare', exact: true }).click();
      const stages = page.locator('dialog[open] .stage');
      expect(await stages.count()).toBe(3);
      const box = await stages.first().boundingBox();
      await page.mouse.move((box?.x ?? 0) + 30, (box?.y ?? 0) + 30);
      await page.mouse.wheel(0, -300);
      const transforms = () =>
        stages
          .locator('img')
          .evaluateAll((images) => images.map((image) => (image as HTMLElement).style.transform));
      await expect.poll(async () => (await transforms())[0]).toContain('scale(2.7');
      expect(new Set(await transforms()).size).toBe(1);
      expect(await page.locator('dialog[open] figcaption').first().textContent()).toContain(
        'platform instagram_post',
      );
      expect(await axeViolations(page)).toEqual([]);
      await page.close();
    });

    it.each([
      { width: 1440, colorScheme: 'light' },
      { width: 375, colorScheme: 'dark' },
    ] as const)('passes axe at $width px, $colorScheme', async ({ width, colorScheme }) => {
      const { page, complaints } = await open({ width, colorScheme });
      expect(await axeViolations(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      await page.locator('.tile .open').nth(9).click();
      expect(await axeViolations(page)).toEqual([]);
      await page.keyboard.press('Escape');
      if (width < 700) await page.getByText('Filters and order').click();
      await page.getByLabel('Layout').selectOption('Table');
      expect(await axeViolations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Report' }).click();
      expect(await axeViolations(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('reports the run in figures and charts', async () => {
      const { page } = await open();
      await page.getByRole('button', { name: 'Report' }).click();
      const text = await page.locator('.report').textContent();
      for (const fact of [
        'Saved176of 200 jobs',
        'ERR_PREDICTION_FAILED',
        '$0.528',
        '$0.003 an image',
        ' images made, $0.003 each, ',
      ])
        expect(text).toContain(fact);
      expect(await page.getByRole('img', { name: /^Up to 5 within/ }).isVisible()).toBe(true);
      // Rounded axes with units, the 99th percentile, and costs that add up.
      for (const tick of ['0 s', '1 s', '3 s', '99 % within 2.60 s', '$0.60', 'Total176$0.528'])
        expect(text).toContain(tick);
      await page.locator('.bars button').filter({ hasText: 'lighthouse' }).first().click();
      expect(await page.getByRole('dialog').isVisible()).toBe(true);
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'ERR_PREDICTION_FAILED' }).click();
      expect(await page.locator('.count').textContent()).toBe('16 of 200');
      expect(await page.getByRole('searchbox').inputValue()).toBe('ERR_PREDICTION_FAILED');
      await page.close();
    });

    it('builds only the tiles near the window of 5,000 images, and the others on scrolling', async () => {
      const largePath = await writeGalleryOf(
        join(folder, 'large'),
        Array.from({ length: 5_000 }, (_, index) => aMixedOutcome(index)),
      );
      expect((await stat(largePath)).size).toBeLessThan(6_000_000);
      const small = await open();
      const { page, complaints } = await openPage(browser, largePath);
      // As many as in the gallery of 200 jobs: the first paint does not depend on the number of
      // jobs.
      const firstTiles = await shown(page);
      expect(firstTiles).toEqual(await shown(small.page));
      expect(firstTiles.length).toBeLessThan(MAX_TILES);
      expect(await page.locator('.grid > li').first().getAttribute('aria-setsize')).toBe('5000');
      const { positions, mostBuilt, mostPresent, layouts } = await page.evaluate(async () => {
        const grid = document.querySelector<HTMLElement>('.grid');
        if (grid === null) throw new Error('There is no grid.');
        const observer = new MutationObserver(() => {});
        observer.observe(grid, { childList: true, attributes: true, attributeFilter: ['style'] });
        const seen = new Set<string | undefined>();
        let [mostBuilt, mostPresent, layouts] = [0, 0, 0];
        for (let y = 0; y < document.body.scrollHeight; y += 2_000) {
          window.scrollTo(0, y);
          // The page draws in the first frame after a scroll.
          await new Promise(requestAnimationFrame);
          await new Promise(requestAnimationFrame);
          const records = observer.takeRecords();
          const built = records.reduce((count, { addedNodes }) => count + addedNodes.length, 0);
          mostBuilt = Math.max(mostBuilt, built);
          mostPresent = Math.max(mostPresent, grid.childElementCount);
          layouts += records.filter(({ type }) => type === 'attributes').length;
          for (const tile of grid.children) seen.add((tile as HTMLElement).dataset.position);
        }
        return { positions: seen.size, mostBuilt, mostPresent, layouts };
      });
      expect(positions).toBe(5_000);
      expect(mostBuilt).toBeLessThan(MAX_TILES);
      expect(mostPresent).toBeLessThan(MAX_TILES);
      expect(layouts).toBe(0);
      expect(complaints).toEqual([]);
      await small.page.close();
      await page.close();
    });
  },
);
