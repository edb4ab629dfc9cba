// Makes the pictures of the documentation from the examples, on the simulator: screenshots of the
// gallery of the campaign, during its run too, and files of other workflows.
//
//   npm run screenshots [-- FOLDER]
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { launchBrowser, openPage, type PageConfig, type WatchedPage, whyNoBrowser } from './openPage.ts';

type Page = WatchedPage['page'];

interface Shot extends PageConfig {
  readonly name: string;
  /** Prepares the page for the screenshot. */
  readonly prepare?: (page: Page) => Promise<void>;
}

const chooseTable = async (page: Page) => {
  await page.getByLabel('Layout').selectOption('Table');
};

const shots: readonly Shot[] = [
  { name: 'gallery' },
  {
    name: 'gallery-lightbox',
    colorScheme: 'dark',
    prepare: (page) => page.locator('.tile .open').nth(5).click(),
  },
  { name: 'gallery-table', prepare: chooseTable },
  { name: 'gallery-phone', width: 375, height: 720, colorScheme: 'dark' },
  { name: 'gallery-report', prepare: (page) => page.getByRole('button', { name: 'Report' }).click() },
];

/** A file that a run leaves, as a picture of the documentation. */
interface FileShot {
  readonly name: string;
  readonly script: string;
  /** Its name is the heading in the file. */
  readonly example: string;
  readonly file: string;
  readonly width: number;
}

const files: readonly FileShot[] = [
  {
    name: 'contact-sheet',
    script: 'campaign',
    example: 'summer-launch',
    file: 'contact-sheet.jpg',
    width: 1_000,
  },
  { name: 'grid', script: 'grid', example: 'teapots', file: 'contact-sheet.jpg', width: 1_000 },
  {
    name: 'compare',
    script: 'compare',
    example: 'model-shootout',
    file: 'comparison-grid.jpg',
    width: 1_400,
  },
  { name: 'styles', script: 'styles', example: 'cover-styles', file: 'comparison-grid.jpg', width: 1_400 },
  { name: 'refinement', script: 'refine', example: 'night-harbour', file: 'lineage.png', width: 1_000 },
];

const [folder = 'docs/images'] = process.argv.slice(2);
if (whyNoBrowser !== null) {
  process.stderr.write(`No screenshots taken: ${whyNoBrowser}.\n`);
} else {
  await takeAll(folder);
}

async function takeAll(into: string): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'rxposure-'));
  const browser = await launchBrowser();
  try {
    await mkdir(into, { recursive: true });
    for (const { name, script, example, file, width } of files) {
      const out = join(root, script, example);
      const words = [`pipelines/${script}.ts`, `examples/${example}.yaml`, '--simulate=10', '--quiet'];
      await promisify(execFile)(process.execPath, ['--import', 'tsx', ...words, '--out', out]);
      await save(join(out, file), into, name, width);
    }
    const page = join(root, 'campaign', 'summer-launch', 'gallery.html');
    for (const shot of shots) await take(shot, browser, page, into);
    await takeDuringRun(browser, join(root, 'live', 'summer-launch'), into);
  } finally {
    await browser.close();
    await rm(root, { recursive: true, force: true });
  }
}

async function save(picture: string | Buffer, into: string, name: string, width?: number): Promise<void> {
  const image = sharp(picture).resize({ withoutEnlargement: true, ...(width && { width }) });
  await image.webp({ quality: 82 }).toFile(join(into, `${name}.webp`));
}

async function take(
  { name, prepare, ...config }: Shot,
  browser: Browser,
  address: string,
  into: string,
): Promise<void> {
  const { page, complaints } = await openPage(browser, address, { width: 1280, height: 800, ...config });
  await prepare?.(page);
  await page.evaluate(async () => {
    await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
    // Painted with the next frame.
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  });
  if (complaints.length > 0) throw new Error(`${name}: ${complaints.join('; ')}`);
  await save(await page.screenshot(), into, name);
  await page.close();
}

/** Takes the page of `--watch` when most of the images are there. */
async function takeDuringRun(browser: Browser, out: string, into: string): Promise<void> {
  const words = ['pipelines/campaign.ts', 'examples/summer-launch.yaml', '--simulate=0.5', '--watch'];
  const run = spawn(process.execPath, ['--import', 'tsx', ...words, '--concurrency', '4', '--out', out]);
  const ended = once(run, 'close');
  try {
    const address = await new Promise<string>((found, failed) => {
      let text = '';
      run.on('error', failed);
      run.on('close', () => failed(new Error(`The run has no page: ${text}`)));
      run.stderr.on('data', (part) => {
        text += String(part);
        const [url] = /http:\/\/\S+/.exec(text) ?? [];
        if (url !== undefined) found(url);
      });
    });
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
    await page.goto(address);
    await page
      .getByText(/1[01] of 16/)
      .first()
      .waitFor();
    await save(await page.screenshot(), into, 'live');
    await page.close();
  } finally {
    // It ends its folder first, which is removed after it.
    run.kill();
    await ended;
  }
}
