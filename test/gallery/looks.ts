// Takes screenshots of every page, to be looked at: light and dark, at 1440 x 900 and on a phone, with
// 1, 16, 200 (some failed) and 5,000 images, and of the pages of a comparison and a refinement.
//
//   npm run looks [-- FOLDER [NAME]]     into FOLDER (default: artifacts/pages), those with NAME in their name
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { aMixedOutcome, writeGalleryOf } from './aGallery.ts';
import { axeViolations, launchBrowser, openPage, whyNoBrowser } from './openPage.ts';

interface Look {
  readonly name: string;
  /** The run folder, below the root. */
  readonly run: string;
  readonly page?: string;
  readonly prepare?: (page: Page) => Promise<unknown>;
}

const go = (name: string) => (page: Page) => page.getByRole('button', { name, exact: true }).click();
const openFirst = (page: Page) => page.locator('.tile .open').first().click();
/** Picks, rejects and rates some images. */
const judge = async (page: Page) => {
  for (const key of ['p', '4', 'ArrowRight', 'x', 'ArrowRight', 'p', '5', 'ArrowRight', 'ArrowRight', '3'])
    await page.keyboard.press(key);
};
const compareTwo = async (page: Page) => {
  await page.keyboard.press('c');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('c');
  await go('Compare')(page);
};
const answerAll = async (page: Page) => {
  await page.getByRole('button', { name: 'Begin' }).click();
  for (let pair = 0; pair < 20; pair += 1)
    await page.keyboard.press(pair % 3 === 0 ? 'ArrowLeft' : 'ArrowRight');
};

const looks: readonly Look[] = [
  { name: '1-image', run: 'single' },
  { name: '1-image-report', run: 'single', prepare: go('Report') },
  { name: '16-campaign', run: 'campaign' },
  { name: '16-campaign-table', run: 'campaign', prepare: (page) => setLayout(page, 'Table') },
  { name: '16-campaign-lightbox', run: 'campaign', prepare: openFirst },
  { name: '16-campaign-report', run: 'campaign', prepare: go('Report') },
  { name: '16-campaign-compared', run: 'campaign', prepare: compareTwo },
  {
    name: '16-campaign-swiped',
    run: 'campaign',
    prepare: async (page) => {
      await compareTwo(page);
      await page.keyboard.press('w');
    },
  },
  { name: '200-mixed', run: 'mixed' },
  { name: '200-judged', run: 'mixed', prepare: judge },
  {
    name: '200-export',
    run: 'mixed',
    prepare: async (page) => {
      await judge(page);
      await go('Export picks')(page);
    },
  },
  {
    name: '200-failed',
    run: 'mixed',
    prepare: (page) => page.goto(`${page.url()}#is.status=failed`).then(() => page.reload()),
  },
  {
    name: '200-failed-lightbox',
    run: 'mixed',
    prepare: (page) => page.goto(`${page.url()}#open=10`).then(() => page.reload()),
  },
  { name: '200-report', run: 'mixed', prepare: go('Report') },
  { name: '200-keys', run: 'mixed', prepare: (page) => page.keyboard.press('?') },
  { name: '5000', run: 'large' },
  { name: 'compare', run: 'compare' },
  { name: 'styles', run: 'styles' },
  { name: 'refinement', run: 'refine' },
  { name: 'refinement-lineage', run: 'refine', prepare: go('Lineage') },
  { name: 'vote', run: 'compare', page: 'ab.html' },
  {
    name: 'vote-pair',
    run: 'compare',
    page: 'ab.html',
    prepare: (page) => page.getByRole('button', { name: 'Begin' }).click(),
  },
  { name: 'vote-result', run: 'compare', page: 'ab.html', prepare: answerAll },
];

const screens = [
  { screen: 'desktop-light', width: 1440, height: 900, colorScheme: 'light' },
  { screen: 'desktop-dark', width: 1440, height: 900, colorScheme: 'dark' },
  { screen: 'phone-light', width: 375, height: 720, colorScheme: 'light' },
  { screen: 'phone-dark', width: 375, height: 720, colorScheme: 'dark' },
] as const;

const scripts: Readonly<Record<string, readonly [script: string, spec: string]>> = {
  campaign: ['campaign', 'summer-launch'],
  compare: ['compare', 'model-shootout'],
  styles: ['styles', 'cover-styles'],
  refine: ['refine', 'night-harbour'],
};

const [into = 'artifacts/pages', wanted = ''] = process.argv.slice(2);
if (whyNoBrowser === null) await takeAll();
else process.stderr.write(`No screenshots taken: ${whyNoBrowser}.\n`);

async function takeAll(): Promise<void> {
  const root = process.env.LOOKS_RUNS ?? (await mkdtemp(join(tmpdir(), 'rxposure-')));
  const chosen = looks.filter(({ name }) => name.includes(wanted));
  await makeRuns(root, new Set(chosen.map(({ run }) => run)));
  const browser = await launchBrowser();
  const faults: string[] = [];
  try {
    await mkdir(into, { recursive: true });
    for (const look of chosen) faults.push(...(await take(browser, root, look)));
  } finally {
    await browser.close();
    if (process.env.LOOKS_RUNS === undefined) await rm(root, { recursive: true, force: true });
  }
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

/** Takes a look on every screen; resolves with faults: messages, sideways scrolling, axe. */
async function take(
  browser: Browser,
  root: string,
  { name, run, page: file, prepare }: Look,
): Promise<string[]> {
  const faults: string[] = [];
  for (const { screen, ...config } of screens) {
    const { page, complaints } = await openPage(browser, join(root, run, file ?? 'gallery.html'), config);
    await prepare?.(page);
    await page
      .waitForFunction(areDrawn, null, { timeout: 8_000 })
      .catch(() => faults.push(`${name}: images are missing`));
    const widthPx = await page.evaluate(() => document.documentElement.scrollWidth);
    const wrong = [...complaints, ...(await axeViolations(page))];
    if (widthPx > config.width) wrong.push(`${widthPx} px wide`);
    faults.push(...wrong.map((fault) => `${name} ${screen}: ${fault}`));
    await writeFile(join(into, `${name}-${screen}.png`), await page.screenshot());
    await page.close();
  }
  return faults;
}

/** Returns true if all images in the window are there. */
function areDrawn(): boolean {
  return [...document.images].every((image) => {
    const { top, bottom, width } = image.getBoundingClientRect();
    return (
      bottom < 0 || top > window.innerHeight || width === 0 || (image.complete && image.naturalWidth > 0)
    );
  });
}

async function setLayout(page: Page, layout: string): Promise<void> {
  const summary = page.locator('.choices > summary');
  if (await summary.isVisible()) await summary.click();
  await page.getByLabel('Layout').selectOption(layout);
}

async function makeRuns(root: string, runs: ReadonlySet<string>): Promise<void> {
  for (const run of runs) {
    const [script, spec] = scripts[run] ?? [];
    if (script !== undefined) {
      const words = [
        `pipelines/${script}.ts`,
        `examples/${spec}.yaml`,
        '--simulate=10',
        '--quiet',
        '--out',
        join(root, run),
      ];
      await promisify(execFile)(process.execPath, ['--import', 'tsx', ...words]);
    } else {
      const count = run === 'single' ? 1 : run === 'mixed' ? 200 : 5_000;
      const outcomes = Array.from({ length: count }, (_, index) => aMixedOutcome(index));
      await writeGalleryOf(join(root, run), outcomes, run === 'mixed' ? null : 'simulator');
    }
  }
}
