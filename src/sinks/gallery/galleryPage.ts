import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { escapeXml } from '../../base/text.ts';
import { writeChunks } from '../../disk/writeFiles.ts';
import type { Outcome } from '../../types.ts';
import type { Report } from '../report/report.ts';
import { galleryScript, galleryStyle } from './galleryAssets.ts';
import { galleryJob } from './galleryData.ts';
import { maxGalleryJobs, type Thumbnails } from './thumbnails.ts';

/** With very long prompts fewer jobs are shown. */
const MAX_DATA_CHARS = 24_000_000;

export interface GalleryConfig {
  /** In input order. */
  outcomes: AsyncIterable<Outcome>;
  report: Report;
  thumbnails: Pick<Thumbnails, 'pathOf'>;
}

/**
 * Writes `gallery.html` into the run folder: one page that opens from the file system and shows the pictures beside it, in
 * flat memory. Of a very large run the first jobs are shown, and the page says so. Rejects with `StorageError`.
 */
export function writeGallery(folder: string, config: GalleryConfig): Promise<void> {
  return writeChunks(join(folder, 'gallery.html'), pageOf(basename(folder), config));
}

async function* pageOf(name: string, config: GalleryConfig): AsyncGenerator<string> {
  const { outcomes, report, thumbnails } = config;
  const { head, foot } = galleryDocument(name);
  yield `${head}{"name":${scriptJson(name)},"report":${scriptJson(report)},"jobs":[`;
  let chars = 0;
  let jobs = 0;
  for await (const outcome of outcomes) {
    if (jobs === maxGalleryJobs || chars > MAX_DATA_CHARS) break;
    const json = scriptJson(galleryJob(outcome, thumbnails));
    yield jobs === 0 ? json : `,\n${json}`;
    chars += json.length;
    jobs += 1;
  }
  yield `]}${foot}`;
}

/** The gallery's page, before and after its data. */
export function galleryDocument(name: string, { isLive = false } = {}): PageDocument {
  return pageDocument(name, { script: galleryScript, style: galleryStyle, isLive });
}

/** The page before and after its data. */
interface PageDocument {
  readonly head: string;
  readonly foot: string;
}

interface PageDocumentConfig {
  script: string;
  style: string;
  /** Whether it listens to events of the server that it is from. Default false. */
  isLive?: boolean;
}

/**
 * A page, which shows what stands between its two parts. Nothing but its own script and style runs in it, by
 * their hashes; it loads pictures that lie beside it and (where it is live) events, and nothing else, and no text can become HTML (Trusted Types).
 */
export function pageDocument(
  name: string,
  { script, style, isLive = false }: PageDocumentConfig,
): PageDocument {
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "img-src 'self' file:",
    ...(isLive ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  const head = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeXml(name)}</title>
<style>${style}</style>
</head>
<body>
<noscript>This page lists the pictures of a run with a script of its own. The pictures lie beside it in this folder.</noscript>
<script type="application/json" id="data">`;
  return { head, foot: `</script>\n<script>${script}</script>\n</body>\n</html>\n` };
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** A value as JSON that can stand in a `<script>` element: nothing in it ends the element or begins a comment. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
