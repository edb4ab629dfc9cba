import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { delayWhen, lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { runToFolder } from '../../src/pipelines/runToFolder.ts';
import { createReplicateProvider } from '../../src/providers/replicate/replicateProvider.ts';
import { type Simulator, startSimulator } from '../../src/simulator/index.ts';
import { type LiveView, openLiveView } from '../../src/sinks/gallery/liveView.ts';
import { planJobs } from '../../src/sources/planning/planJobs.ts';
import { axeViolations, launchBrowser, whyNoBrowser } from './openPage.ts';

const total = 12;
const jobs = Array.from({ length: total }, (_, index) => ({
  index,
  prompt: index === 3 ? '<img src=x onerror=alert(1)>' : `A pear, number ${index}`,
  model: 'black-forest-labs/flux-schnell',
  version: null,
  input: { prompt: `A pear, number ${index}`, seed: index },
  tags: { mood: index % 2 === 0 ? 'calm' : 'wild' },
  renditions: [],
}));

/** The tools of a test of a live page. */
interface Live {
  readonly page: Page;
  readonly view: LiveView;
  readonly folder: string;
  readonly simulator: Simulator;
}

/** Opens a live page of a run that has not begun; in the end the page must have logged nothing. */
async function inLiveView(
  pace: { readonly speed: number; readonly medianMs: number },
  test: (live: Live) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'rxposure-'));
  const simulator = await startSimulator({ render: 'fast', coldStarts: false, ...pace });
  const view = await openLiveView({ folder, everyMs: 20 });
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('dialog', (dialog) => complaints.push(dialog.message()));
    await test({ page, view, folder, simulator });
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
    await view.close();
    await simulator.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

describe.skipIf(whyNoBrowser !== null)(
  `a run in a browser while it goes${whyNoBrowser === null ? '' : ` (${whyNoBrowser})`}`,
  () => {
    it('fills with images, preserves the choices, survives a reload, and ends well', async () => {
      await inLiveView({ speed: 8, medianMs: 3_000 }, async ({ page, view, folder, simulator }) => {
        await page.goto(view.url);
        const status = page.locator('.live [role=status]');
        await expect.poll(() => status.textContent()).toBe('The run begins');
        const provider = createReplicateProvider(simulator);
        // Nothing ends before the page has shown that it runs.
        const shown = Promise.withResolvers<void>();
        const held: typeof provider = {
          ...provider,
          createPrediction: (...args) =>
            provider.createPrediction(...args).pipe(delayWhen(() => shown.promise)),
        };
        const ended = lastValueFrom(
          runToFolder(() => planJobs(jobs, { organize: 'flat', date: '2026-11-23', priceOf: () => 3_000 }), {
            folder,
            provider: held,
            concurrency: 2,
            ratePerMinute: 100_000,
            emit: view.onEvent,
          }),
        );
        const pictures = page.getByRole('img', { name: /^A pear/ });
        await expect.poll(() => page.getByText('Being made').count()).toBeGreaterThan(0);
        shown.resolve();
        await expect.poll(() => pictures.count()).toBeGreaterThan(2);
        expect(await axeViolations(page)).toEqual([]);
        await page.getByRole('searchbox').fill('pear');
        await page.reload();
        expect(await page.getByRole('searchbox').inputValue()).toBe('pear');
        await page.getByRole('searchbox').fill('');
        await expect.poll(() => pictures.count()).toBeGreaterThan(2);
        // The tags that have come meanwhile can be chosen.
        await expect.poll(() => page.getByLabel('Mood').count()).toBe(1);
        await page.getByLabel('Mood').selectOption('wild');
        expect((await ended).totals.saved).toBe(total);
        await expect.poll(() => status.textContent()).toContain('The run is over');
        expect(
          await page
            .getByLabel('Mood')
            .evaluate((select: HTMLSelectElement) => select.selectedOptions[0]?.text),
        ).toBe('wild');
        await expect.poll(() => page.getByRole('listitem').count()).toBe(total / 2);
      });
    });

    it('shows placeholders of later jobs, pauses, resumes, and cancels the run', async () => {
      await inLiveView({ speed: 40, medianMs: 2_000 }, async ({ page, view, folder, simulator }) => {
        await page.goto(view.controlUrl);
        await page.getByRole('button', { name: 'Pause' }).click();
        const status = page.locator('.live [role=status]');
        await expect.poll(() => status.textContent()).toContain('Paused');
        const provider = createReplicateProvider(simulator);
        const cancelled = Promise.withResolvers<void>();
        let created = 0;
        const counted: typeof provider = {
          ...provider,
          createPrediction: (...args) => {
            created += 1;
            const made = provider.createPrediction(...args);
            // All but the first two wait, so that the run cannot end before it is cancelled.
            return created <= 2 ? made : made.pipe(delayWhen(() => cancelled.promise));
          },
        };
        const ended = lastValueFrom(
          runToFolder(() => planJobs(jobs, { organize: 'flat', date: '2026-11-23', priceOf: () => 3_000 }), {
            folder,
            total,
            provider: counted,
            concurrency: 2,
            ratePerMinute: 100_000,
            emit: view.onEvent,
            paused: view.paused,
            stop: view.cancel,
            cancel: view.cancel,
          }),
        );
        // Paused before it began: nothing is created, and every job has its place.
        await expect.poll(() => page.getByText('To come').count()).toBe(total);
        expect(created).toBe(0);
        expect(await axeViolations(page)).toEqual([]);
        await page.getByRole('button', { name: 'Resume' }).click();
        await expect.poll(() => page.getByRole('img', { name: /^A pear/ }).count()).toBeGreaterThan(0);
        await page.getByRole('button', { name: 'Pause' }).click();
        await page.getByRole('button', { name: 'Cancel run' }).click();
        await page.getByRole('button', { name: 'Really cancel the run?' }).click();
        await expect.poll(() => status.textContent()).toContain('Cancelling');
        cancelled.resolve();
        const { totals } = await ended;
        expect(created).toBeLessThan(total);
        expect(totals.saved).toBeLessThanOrEqual(created);
        await expect.poll(() => status.textContent()).toContain('The run is over');
        expect(await page.locator('.live code').textContent()).toBe(`${folder}/gallery.html`);
      });
    });
  },
);
