import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Path of Debian's Chromium, unless the environment names another one. */
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** The reason why nothing can be tested in a browser here; null if Chromium is installed. */
export const whyNoBrowser = existsSync(executablePath)
  ? null
  : `no Chromium at ${executablePath}: apt-get install chromium, or name one with CHROMIUM`;

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A page opened from a file, with a record of everything that should not happen in it. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors, warnings and dialogs, in words. */
  readonly complaints: readonly string[];
  /** URLs of its requests. */
  readonly requests: readonly string[];
}

export interface PageConfig {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
}

export async function openPage(
  browser: Browser,
  path: string,
  config: PageConfig = {},
): Promise<WatchedPage> {
  const { width = 1440, height = 900, colorScheme = 'light' } = config;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', ({ message }) => complaints.push(`error: ${message}`));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(pathToFileURL(path).href);
  return { page, complaints, requests };
}

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Returns the faults that axe finds in the page now: rule and element. */
export async function axeViolations(page: Page): Promise<string[]> {
  const { readFile } = await import('node:fs/promises');
  await page.evaluate(await readFile(axePath, 'utf8'));
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<AxeResults> } };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
  });
}

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}
