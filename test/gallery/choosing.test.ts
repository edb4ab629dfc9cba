import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeGallery } from '../../src/sinks/gallery/galleryPage.ts';
import type { Picks } from '../../src/sinks/picks/picks.ts';
import { readPicks } from '../../src/sinks/picks/readPicks.ts';
import { createReport } from '../../src/sinks/report/report.ts';
import { aMixedOutcome, each, writeGalleryOf } from './aGallery.ts';
import { axeViolations, launchBrowser, openPage, whyNoBrowser } from './openPage.ts';

const outcomes = Array.from({ length: 12 }, (_, index) => aMixedOutcome(index));

describe.skipIf(whyNoBrowser !== null)(
  `choosing in the gallery${whyNoBrowser === null ? '' : ` (${whyNoBrowser})`}`,
  () => {
    let root = '';
    let folder = '';
    let path = '';
    let browser: Browser;
    beforeAll(async () => {
      root = await mkdtemp(join(tmpdir(), 'rxposure-'));
      folder = join(root, "a client's run");
      path = await writeGalleryOf(folder, outcomes);
      await writeFile(
        join(folder, 'manifest.jsonl'),
        outcomes.map((one) => `${JSON.stringify(one)}\n`).join(''),
      );
      browser = await launchBrowser();
    });
    afterAll(async () => {
      await browser.close();
      await rm(root, { recursive: true, force: true });
    });
    const open = (config = {}) => openPage(browser, path, config);
    const bar = (page: Page) => page.locator('.dock').innerText();
    const press = async (page: Page, ...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    const numbers = (page: Page) => page.locator('.grid .number').allTextContents();
    async function saved(page: Page, button: string): Promise<string> {
      const coming = page.waitForEvent('download');
      await page.getByRole('button', { name: button }).click();
      const to = join(root, (await coming).suggestedFilename());
      await (await coming).saveAs(to);
      return to;
    }

    it('picks, rejects and gives stars by key from the first moment, and remembers them', async () => {
      const { page, complaints } = await open();
      // The first key acts on the first image; Shift moves on to the next one.
      await press(page, 'p', '4', 'ArrowRight', 'Shift+X', 'Shift+P', '2');
      expect(await bar(page)).toMatch(/^2 picked · 1 rejected · 1 with stars/);
      await page.reload();
      expect(await bar(page)).toMatch(/^2 picked · 1 rejected · 1 with stars/);
      expect(await page.locator('.tile.is-picked .number').allTextContents()).toEqual(['1', '3']);
      expect(await page.locator('.tile .stars').first().textContent()).toBe('★★★★');
      expect(await page.getByRole('button', { name: 'Pick number 3' }).getAttribute('aria-pressed')).toBe(
        'true',
      );
      expect(await axeViolations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Pick number 3' }).click();
      await press(page, 'u', '0');
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('shows picked, undecided or starred images, and moves on from images that leave the filter', async () => {
      const { page } = await open();
      await press(page, 'p', 'ArrowRight', '5');
      await page.getByLabel('Picks', { exact: true }).selectOption('Picked');
      expect(await numbers(page)).toEqual(['1']);
      await page.getByLabel('Picks', { exact: true }).selectOption('★★★★ or more');
      expect(await numbers(page)).toEqual(['2']);
      await page.getByLabel('Picks', { exact: true }).selectOption('Undecided');
      expect((await numbers(page))[0]).toBe('2');
      await page.getByLabel('Picks', { exact: true }).blur();
      // Each key takes an image out of the list, and the next one is in focus.
      await press(page, 'x', 'Shift+P', 'x');
      expect((await numbers(page))[0]).toBe('5');
      await page.getByRole('button', { name: 'Show', exact: true }).click();
      expect(await numbers(page)).toEqual(['1', '3']);
      expect(page.url()).toContain('picks=picked');
      await page.close();
    });

    it('exports lists, and a command for the folder of files that reads them', async () => {
      const { page, complaints } = await open();
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await press(page, 'p', '5', 'ArrowRight', 'ArrowRight', 'p', 'ArrowRight', 'x');
      await page.getByRole('button', { name: 'Export picks' }).click();
      const dialog = page.getByRole('dialog', { name: 'Export picks' });
      expect(await dialog.innerText()).toContain('2 images are picked.');
      expect(await axeViolations(page)).toEqual([]);
      const json = await saved(page, 'Save picks.json');
      const picks: Picks = JSON.parse(await readFile(json, 'utf8'));
      expect(picks).toMatchObject({
        run: "a client's run",
        picks: [{ number: '1', stars: 5 }, { number: '3' }],
      });
      expect(picks.others).toMatchObject([{ number: '4', verdict: 'rejected' }]);
      expect((await readPicks(json, folder)).map(({ index, stars }) => [index, stars])).toEqual([
        [0, 5],
        [2, 0],
      ]);
      await dialog.getByLabel('Files').selectOption('Renditions');
      expect(await readFile(await saved(page, 'Save picks.txt'), 'utf8')).toBe(
        'pictures/0--thumb.jpg\npictures/2--thumb.jpg\n',
      );
      await dialog.getByRole('button', { name: 'Copy command' }).click();
      await dialog.getByRole('button', { name: 'Copied' }).waitFor();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
        `npx rxposure picks '${folder.replace("'", "'\\''")}' picks.json --to picked --files renditions`,
      );
      expect(complaints).toEqual([]);
      await page.close();
      // Another reviewer adds them to her own.
      const other = await open();
      await press(other.page, 'ArrowRight', 'ArrowRight', 'p');
      await other.page.getByRole('button', { name: 'Export picks' }).click();
      await other.page.getByLabel('Add those of a picks.json').setInputFiles(json);
      await other.page.getByText('4 judged images are here now.').waitFor();
      expect(await bar(other.page)).toMatch(/^3 picked · 1 rejected/);
      await other.page.getByLabel('Add those of a picks.json').setInputFiles(path);
      await other.page.getByText('is not a picks.json of a gallery').waitFor();
      await other.page.close();
    });

    it('judges in the lightbox, by key and by button, and shows its neighbours', async () => {
      const { page } = await open();
      await page.locator('.tile .open').first().click();
      const dialog = page.getByRole('dialog');
      await press(page, '3', 'Shift+P');
      expect(await dialog.getAttribute('aria-label')).toBe('Number 2');
      await dialog.getByRole('button', { name: '4 stars' }).click();
      await dialog.getByRole('button', { name: 'Reject' }).click();
      expect(await dialog.getByRole('button', { name: 'Reject' }).getAttribute('aria-pressed')).toBe('true');
      expect(await dialog.locator('.strip .is-picked').getAttribute('aria-label')).toBe('Number 1');
      await dialog.locator('.strip').getByRole('button', { name: 'Number 4' }).click();
      expect(await dialog.locator('.counter').textContent()).toBe('4 of 12');
      expect(await dialog.getByRole('link', { name: 'Open file' }).getAttribute('href')).toBe(
        './pictures/0.jpg',
      );
      await page.keyboard.press('Escape');
      expect(await bar(page)).toMatch(/^1 picked · 1 rejected/);
      await page.close();
    });

    it('compares by an edge and by the difference, and picks there', async () => {
      const { page, complaints } = await open();
      await press(page, 'c', 'ArrowRight', 'c');
      await page.getByRole('button', { name: 'Compare', exact: true }).click();
      const dialog = page.getByRole('dialog', { name: 'Compare pictures' });
      await press(page, 'w', 'ArrowRight');
      const over = dialog.locator('.over');
      expect(await over.evaluate((element: HTMLElement) => element.style.getPropertyValue('--edge'))).toBe(
        '54%',
      );
      await press(page, '+');
      const transforms = await dialog
        .locator('.stage img')
        .evaluateAll((images) => images.map((image) => (image as HTMLElement).style.transform));
      expect(transforms).toEqual(Array(2).fill('translate(0px, 0px) scale(1.4)'));
      await press(page, 'd', '2');
      expect(await over.evaluate((element) => getComputedStyle(element).mixBlendMode)).toBe('difference');
      expect(await axeViolations(page)).toEqual([]);
      await press(page, 'Escape');
      expect(await page.locator('.tile.is-picked .number').allTextContents()).toEqual(['2']);
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('has filters and the open image in its URL; Back closes the image', async () => {
      const { page, complaints } = await open();
      await page.getByLabel('Mood', { exact: true }).selectOption('dusk');
      await page.getByLabel('Order').selectOption('Slowest first');
      await page.locator('.tile .open').first().click();
      const url = page.url();
      expect(decodeURIComponent(url)).toContain('#is.tag+mood=dusk&sort=slowest&open=11');
      await page.goBack();
      expect(await page.getByRole('dialog').count()).toBe(0);
      expect(await page.locator('.count').textContent()).toBe('3 of 12');
      await page.goForward();
      expect(await page.getByRole('dialog').getAttribute('aria-label')).toBe('Number 11');
      const sent = await openPage(browser, path);
      await sent.page.goto(url);
      await sent.page.reload();
      expect(await sent.page.getByRole('dialog').getAttribute('aria-label')).toBe('Number 11');
      expect(await sent.page.locator('.count').textContent()).toBe('3 of 12');
      await sent.page.goto(`${url.split('#')[0]}#is.status=<b>&sort=x&picks=__proto__&page=none&open=999`);
      await sent.page.reload();
      expect(await sent.page.locator('.count').textContent()).toBe('12 in all');
      expect([...complaints, ...sent.complaints]).toEqual([]);
      await sent.page.close();
      await page.close();
    });

    it('lists its keys, leads a failed tile with the reason, and copies its retry command', async () => {
      const { page } = await open();
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await page.keyboard.press('?');
      expect(await page.getByRole('dialog', { name: 'Keys' }).innerText()).toContain('Shift P');
      await page.keyboard.press('Escape');
      expect(await page.locator('.blank.is-failed').innerText()).toMatch(/^NSFW content was found\nFailed/);
      await page.getByRole('searchbox').fill('#10');
      await page.getByRole('searchbox').blur();
      await press(page, 'r');
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
        `npx rxposure retry '${folder.replace("'", "'\\''")}' --only 10`,
      );
      await page.close();
    });

    it('begins its pictures above 120 px, keeps the tile size, and fits a phone', async () => {
      const { page } = await open();
      const first = page.locator('.grid .open').first();
      expect((await first.boundingBox())?.y).toBeLessThan(120);
      const heightOf = async () => (await first.boundingBox())?.height ?? 0;
      const before = await heightOf();
      await page.getByLabel('Size').fill('400');
      expect(await heightOf()).toBeGreaterThan(before * 1.4);
      await page.reload();
      expect(await heightOf()).toBeGreaterThan(before * 1.4);
      await page.getByLabel('Size').fill('220');
      await page.close();
      const phone = await open({ width: 375, height: 700 });
      await press(phone.page, 'p', 'ArrowRight', 'x', 'c');
      expect(await phone.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375);
      const ring = phone.page.locator('.pick').nth(3);
      expect(await ring.locator('.icon').evaluate((icon) => getComputedStyle(icon).visibility)).toBe(
        'hidden',
      );
      await phone.page.close();
    });

    it('shows the deliverables of a campaign, and the originals if asked', async () => {
      const campaign = outcomes.slice(0, 9).map((outcome) => ({
        ...outcome,
        files: outcome.files.map((file) =>
          file.role === 'original' ? file : { ...file, name: outcome.tags.platform ?? '' },
        ),
      }));
      const { page } = await openPage(browser, await writeGalleryOf(join(root, 'campaign'), campaign));
      const source = () => page.locator('.grid img').first().getAttribute('src');
      expect(await source()).toBe('./pictures/0--thumb.jpg');
      await page.getByLabel('Show').selectOption('Originals');
      expect(await source()).toBe('./pictures/0.jpg');
      expect(page.url()).toContain('show=original');
      await page.close();
    });

    it('begins a comparison as a table with prompts as rows, and the cost of each cell', async () => {
      const compared = outcomes.slice(0, 4).map((outcome, index) => ({
        ...outcome,
        tags: {
          prompt: index < 2 ? 'a_very-long/name_of-a-harbour' : 'orchard',
          variant: 'AB'[index % 2] ?? '',
        },
      }));
      const own = await writeGalleryOf(join(root, 'compared'), compared);
      for (const width of [1440, 375]) {
        const { page } = await openPage(browser, own, { width });
        expect(await page.locator('.axes thead th').allTextContents()).toEqual([
          'Prompt \\ Variant',
          'A',
          'B',
        ]);
        expect(await page.locator('.axes .facts').first().textContent()).toBe('$0.003 · 1.00 s');
        // No line of a head is shorter than a part of the name: the frame is scrolled instead.
        const lines = await page
          .locator('.axes .head')
          .first()
          .evaluate((head) => {
            const range = document.createRange();
            range.selectNodeContents(head);
            return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
          });
        expect(lines).toBeLessThanOrEqual(4);
        await page.close();
      }
    });

    it('has the lineage of a refinement as a tab, scores on tiles, and the winner', async () => {
      const own = join(root, 'refined');
      await mkdir(own, { recursive: true });
      const rated = outcomes.slice(0, 4).map((outcome, index) => ({
        ...outcome,
        metrics: { score: (index + 1) / 10 },
      }));
      const of = (index: number, round: number, fields: object) => ({
        index,
        key: 'k',
        round,
        parent: null,
        status: 'saved',
        score: (index + 1) / 10,
        rank: null,
        kept: false,
        path: 'pictures/0.jpg',
        ...fields,
      });
      const rounds = [
        {
          round: 0,
          decided: true,
          bestScore: 0.2,
          candidates: [of(1, 0, { kept: true, rank: 1 }), of(0, 0, {})],
        },
        {
          round: 1,
          decided: true,
          bestScore: 0.4,
          candidates: [
            of(3, 1, { parent: 1, kept: true, rank: 1 }),
            of(1, 0, { kept: true, rank: 2 }),
            of(99, 1, {}),
          ],
        },
      ];
      await writeFile(join(own, 'refinement.json'), JSON.stringify({ end: 'rounds', rounds }));
      await writeGalleryOf(own, rated);
      await writeGallery(own, {
        outcomes: each(rated),
        report: createReport().toJSON({ elapsedMs: 1 }),
        thumbnails: { pathOf: () => null },
      });
      const { page, complaints } = await openPage(browser, join(own, 'gallery.html'));
      expect(await page.locator('.notes').allInnerTexts()).toEqual([
        '0.10',
        'Rank 2\n0.20',
        '0.30',
        'Winner\n0.40',
      ]);
      await page.getByRole('button', { name: 'Lineage' }).click();
      expect(page.url()).toContain('page=lineage');
      expect(await page.locator('.lines path').count()).toBe(2);
      expect(await page.locator('.is-winner').innerText()).toContain('4 0.400 winner');
      expect(await axeViolations(page)).toEqual([]);
      await page.locator('.is-winner button').click();
      expect(await page.getByRole('dialog').getAttribute('aria-label')).toBe('Number 4');
      expect(complaints).toEqual([]);
      await page.close();
    });
  },
);
