// The gallery of 5,000 jobs in Chromium: size, first paint, and the longest task while scrolling
// from top to bottom. `npm run bench:gallery`.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aMixedOutcome, writeGalleryOf } from '../test/gallery/aGallery.ts';
import { launchBrowser, openPage, whyNoBrowser } from '../test/gallery/openPage.ts';

const JOBS = 5_000;
const ROUNDS = 5;

if (whyNoBrowser !== null) throw new Error(whyNoBrowser);
const folder = await mkdtemp(join(tmpdir(), 'rxposure-bench-'));
const browser = await launchBrowser();
try {
  const outcomes = Array.from({ length: JOBS }, (_, index) => aMixedOutcome(index));
  const path = await writeGalleryOf(folder, outcomes);
  const { size } = await stat(path);
  console.log(`${JOBS} jobs: a page of ${(size / 1_000_000).toFixed(1)} MB`);
  for (let round = 1; round <= ROUNDS; round += 1) {
    const { firstPaintMs, longestTaskMs } = await measure(path);
    console.log(
      `  round ${round}: first paint ${firstPaintMs.toFixed(0)} ms (bar: 1,000), longest task ${longestTaskMs.toFixed(0)} ms (bar: 200)`,
    );
  }
} finally {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
}

/**
 * Opens the page and scrolls through it. Tasks below 50 ms count as 0: browsers do not report them.
 */
async function measure(path: string): Promise<{ firstPaintMs: number; longestTaskMs: number }> {
  const { page } = await openPage(browser, path);
  const measured = await page.evaluate(async () => {
    let firstPaint: PerformanceEntry | undefined;
    while (firstPaint === undefined) {
      await new Promise(requestAnimationFrame);
      [firstPaint] = performance.getEntriesByName('first-contentful-paint');
    }
    let longestTaskMs = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longestTaskMs = Math.max(longestTaskMs, duration);
    }).observe({ type: 'longtask' });
    for (let y = 0; y < document.body.scrollHeight; y += 4_000) {
      window.scrollTo(0, y);
      await new Promise(requestAnimationFrame);
    }
    return { firstPaintMs: firstPaint.startTime, longestTaskMs };
  });
  await page.close();
  return measured;
}
