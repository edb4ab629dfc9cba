// Takes the screenshots of the gallery for the documentation: the example campaign, made by the
// simulator.
//
//   npm run screenshots [-- FOLDER]
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
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

const [folder = 'docs/images'] = process.argv.slice(2);
if (whyNoBrowser !== null) {
  process.stderr.write(`No screenshots taken: ${whyNoBrowser}.\n`);
} else {
  await takeAll(folder);
}

async function takeAll(into: string): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'rxposure-'));
  const out = join(root, 'summer-launch');
  const browser = await launchBrowser();
  try {
    const campaign = ['pipelines/campaign.ts', 'examples/summer-launch.yaml', '--simulate=10', '--quiet'];
    await promisify(execFile)(process.execPath, ['--import', 'tsx', ...campaign, '--out', out]);
    await mkdir(into, { recursive: true });
    for (const { name, prepare, ...config } of shots) {
      const { page, complaints } = await openPage(browser, join(out, 'gallery.html'), {
        width: 1280,
        height: 800,
        ...config,
      });
      await prepare?.(page);
      await page.waitForFunction(() => [...document.images].every(({ complete }) => complete));
      if (complaints.length > 0) throw new Error(`${name}: ${complaints.join('; ')}`);
      await sharp(await page.screenshot())
        .webp({ quality: 82 })
        .toFile(join(into, `${name}.webp`));
      await page.close();
    }
  } finally {
    await browser.close();
    await rm(root, { recursive: true, force: true });
  }
}
