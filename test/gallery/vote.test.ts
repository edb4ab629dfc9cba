import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readVotes, writeBlindPage } from '../../src/sinks/comparison/blindVotes.ts';
import type { Votes } from '../../src/sinks/comparison/votes.ts';
import type { Outcome } from '../../src/types.ts';
import { anOutcome } from '../helpers/anOutcome.ts';
import { each } from './aGallery.ts';
import { axeViolations, launchBrowser, openPage, whyNoBrowser } from './openPage.ts';

const variants = ['Aurora', 'Breeze', 'Cinder'];
const prompts = ['a harbour', '</script><script>alert(1)</script><img src=x onerror=alert(2)>'];

async function pictures(folder: string): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [row, prompt] of prompts.entries()) {
    for (const [column, variant] of variants.entries()) {
      const path = `${variant}/${row}.png`;
      await mkdir(join(folder, variant), { recursive: true });
      const colour = ['#a33', '#3a3', '#33a'][column] ?? '#000';
      const image = sharp({ create: { width: 60, height: 40, channels: 3, background: colour } });
      await writeFile(join(folder, path), await image.png().toBuffer());
      const size = {
        width: 60,
        height: 40,
        format: 'png',
        bytes: 1,
        sha256: `${row}${column}`.padEnd(64, '0'),
      };
      outcomes.push(
        anOutcome({
          index: outcomes.length,
          prompt,
          tags: { prompt: `row ${row}`, variant },
          files: [{ role: 'original', name: 'original', path, ...size }],
        }),
      );
    }
  }
  return outcomes;
}

describe.skipIf(whyNoBrowser !== null)(
  `blind votes in a browser${whyNoBrowser === null ? '' : ` (${whyNoBrowser})`}`,
  () => {
    let folder = '';
    let browser: Browser;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'rxposure-'));
      const axes = { rows: 'prompt', columns: 'variant' };
      await writeBlindPage(folder, each(await pictures(folder)), axes);
      browser = await launchBrowser();
    });
    afterAll(async () => {
      await browser.close();
      await rm(folder, { recursive: true, force: true });
    });
    const begin = async (page: Page, name = '') => {
      await page.getByLabel('Your name').fill(name);
      await page.getByRole('button', { name: 'Begin' }).click();
    };
    const open = (config = {}) => openPage(browser, join(folder, 'ab.html'), config);

    it('shows two images without their names, accepts keys, and goes back', async () => {
      const { page, complaints, requests } = await open();
      expect(await page.locator('.intro').innerText()).toContain('6 pairs of pictures, about 1 minute.');
      expect(await axeViolations(page)).toEqual([]);
      // Keys wait for the beginning.
      await page.keyboard.press('ArrowLeft');
      await begin(page);
      const progress = page.getByRole('status');
      expect(await progress.textContent()).toBe('0 of 6');
      const seen = () => page.locator('body').innerText();
      for (const variant of variants) expect(await seen()).not.toContain(variant);
      expect(await page.getByRole('button', { name: 'Show the result' }).isDisabled()).toBe(true);
      expect(await axeViolations(page)).toEqual([]);
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.press('t');
      await page.keyboard.press('s');
      expect(await progress.textContent()).toBe('3 of 6');
      await page.keyboard.press('z');
      expect(await progress.textContent()).toBe('2 of 6');
      await page.reload();
      expect(await progress.textContent()).toBe('2 of 6');
      await page.getByRole('button', { name: 'Right picture' }).click();
      await page.keyboard.press('ArrowRight');
      for (const variant of variants) expect(await seen()).not.toContain(variant);
      expect(complaints).toEqual([]);
      expect(requests.every((url) => url.startsWith('file:'))).toBe(true);
      await page.close();
    });

    it('has the result with intervals at the end, and exports votes that are counted', async () => {
      const { page, complaints } = await open({ colorScheme: 'dark' });
      await begin(page, 'Zoë T.');
      for (let pair = 0; pair < 6; pair += 1) {
        const paths = await page
          .locator('.choice img')
          .evaluateAll((images) => images.map((image) => image.getAttribute('src') ?? ''));
        // A voter who prefers Breeze and is indifferent otherwise.
        const side = paths.findIndex((path) => path.includes('Breeze'));
        await page.keyboard.press(side < 0 ? 't' : side === 0 ? 'ArrowLeft' : 'ArrowRight');
      }
      const rows = await page.locator('tbody tr').allInnerTexts();
      expect(rows[0]?.split('\t')).toEqual(['Breeze', '4', '0', '0', '100 %', '51 % to 100 %']);
      expect(await axeViolations(page)).toEqual([]);
      const coming = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Export votes' }).click();
      expect((await coming).suggestedFilename()).toMatch(/^votes-[0-9a-f]{16}-zoe-t\.json$/);
      const path = join(folder, 'votes.json');
      await (await coming).saveAs(path);
      const exported: Votes = JSON.parse(await readFile(path, 'utf8'));
      expect(exported.votes).toHaveLength(6);
      expect(exported).toMatchObject({ voter: 'Zoë T.', ballot: expect.stringMatching(/^[0-9a-f]{16}$/) });
      expect((await readVotes(path, exported.run)).votes).toEqual(exported.votes);
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('fits a phone, with the pictures one above the other', async () => {
      const { page } = await open({ width: 375, height: 700 });
      await begin(page);
      const widthPx = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(widthPx).toBeLessThanOrEqual(375);
      const [left, right] = await page
        .locator('.choice')
        .evaluateAll((choices) => choices.map((choice) => choice.getBoundingClientRect()));
      expect(right?.top).toBeGreaterThanOrEqual(left?.bottom ?? 1_000);
      expect(right?.bottom).toBeLessThan(700);
      await page.close();
    });

    it('hides the name of the model in pictures of the simulator, and names the simulator', async () => {
      const own = join(folder, 'simulated');
      const simulated = (await pictures(own)).map((outcome) => ({ ...outcome, service: 'simulator' }));
      await writeBlindPage(own, each(simulated), { rows: 'prompt', columns: 'variant' });
      const { page } = await openPage(browser, join(own, 'ab.html'));
      await begin(page);
      expect(await page.locator('.badge').innerText()).toContain('Simulated');
      const clipOf = () =>
        page
          .locator('.choice img')
          .first()
          .evaluate((image) => image.style.clipPath);
      // 60 x 40: 7.2 % of the square root of the area.
      await expect.poll(clipOf).toBe('inset(0px 0px 8.82%)');
      await page.close();
    });
  },
);
