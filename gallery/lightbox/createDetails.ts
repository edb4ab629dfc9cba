import type { GalleryJob } from '../../src/sinks/gallery/galleryData.ts';
import type { Item } from '../data/Item.ts';
import { el } from '../page/el.ts';
import { commandFor } from '../text/commandFor.ts';
import { copyButton } from '../text/copyButton.ts';
import { formatBytes } from '../text/formatBytes.ts';
import { formatSeconds } from '../text/formatSeconds.ts';
import { urlOf } from '../text/urlOf.ts';
import { usd } from '../text/usd.ts';

/** Prompts beyond this length are folded. */
const LONG_CHARS = 600;

/**
 * Creates the details of an item, with buttons that copy its prompt and a command that makes it
 * again; `retry` is the command that retries its job, if that has failed.
 */
export function createDetails({ job, files }: Item, retry: string | null): HTMLElement {
  const { prompt, error, tags = {}, input = {} } = job;
  const command = commandFor(job);
  const { seed, ...otherInput } = input;
  return el(
    'div',
    { class: 'details' },
    error === undefined
      ? null
      : el(
          'section',
          { class: `error is-${job.status}` },
          el('h2', {}, headingOf(job)),
          el('p', { dir: 'auto' }, error.message),
          el('p', { class: 'quiet' }, error.code, error.suggestion && ` – ${error.suggestion}`),
          retry === null ? null : copyButton('Copy retry command', () => retry),
        ),
    el('h2', {}, 'Prompt'),
    ...promptOf(prompt),
    job.isCut
      ? el('p', { class: 'quiet' }, 'Long texts are shortened here; the manifest has them in full.')
      : null,
    el(
      'p',
      { class: 'buttons' },
      copyButton('Copy prompt', () => prompt),
      command === null ? null : copyButton('Copy as command', () => command),
    ),
    list('How it was made', [
      ['Made by', makerOf(job)],
      ['Model', job.model],
      ['Version', job.version?.slice(0, 12)],
      ['Seed', seed === undefined ? undefined : JSON.stringify(seed)],
      ['Cost', costOf(job)],
      ['Model ran', job.predictS === undefined ? undefined : formatSeconds(job.predictS)],
      ['Response took', job.ownWallS === undefined ? undefined : formatSeconds(job.ownWallS)],
      ['In all', job.totalS === undefined ? undefined : formatSeconds(job.totalS)],
      ['Attempts', String(job.attempts)],
      ['Score', job.score === undefined ? undefined : String(Math.round(job.score * 1_000) / 1_000)],
      ['Created', dateOf(job.createdMs)],
      ['Completed', dateOf(job.completedMs)],
      ['Prediction', job.predictionId],
    ]),
    list('Tags', Object.entries(tags)),
    list(
      'Input',
      Object.entries(otherInput).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    ),
    files.length === 0 ? null : el('h2', {}, 'Files'),
    el(
      'ul',
      { class: 'files' },
      ...files.map(({ name, path, bytes, format, width, height }) =>
        el(
          'li',
          {},
          el('a', { href: urlOf(path), target: '_blank', rel: 'noopener', title: path }, name),
          el(
            'span',
            { class: 'quiet' },
            ` ${width === undefined ? '' : `${width} × ${height} `}${format}, ${formatBytes(bytes)}`,
          ),
        ),
      ),
    ),
  );
}

/** Creates the prompt; a long one is folded, with a button that shows all of it. */
function promptOf(prompt: string): HTMLElement[] {
  const text = el('p', { class: 'prompt', dir: 'auto' }, prompt);
  if (prompt.length <= LONG_CHARS) return [text];
  text.classList.add('is-folded');
  const unfold = el(
    'button',
    {
      type: 'button',
      class: 'bare',
      'aria-expanded': 'false',
      onclick: () => {
        const isFolded = text.classList.toggle('is-folded');
        unfold.setAttribute('aria-expanded', String(!isFolded));
        unfold.textContent = isFolded ? 'Whole prompt' : 'Less';
      },
    },
    'Whole prompt',
  );
  return [text, unfold];
}

function headingOf({ status, error }: GalleryJob): string {
  if (error?.code === 'ERR_INCOMPLETE') return 'Incomplete';
  return status === 'failed' ? 'Failed' : 'Skipped';
}

function makerOf({ isSimulated }: GalleryJob): string | undefined {
  return isSimulated ? 'the rxposure simulator: no model ran' : undefined;
}

function costOf({ costUsd, cached, isEstimate, isSimulated }: GalleryJob): string {
  if (costUsd === undefined) return 'unknown';
  if (cached) return `${usd(costUsd)}, from cache`;
  const notes = [isEstimate ? ', estimated' : '', isSimulated ? ', simulated' : ''];
  return `${usd(costUsd)}${notes.join('')}`;
}

function list(
  title: string,
  rows: readonly (readonly [name: string, value: string | undefined])[],
): HTMLElement | null {
  const known = rows.filter(([, value]) => value !== undefined && value !== '');
  if (known.length === 0) return null;
  return el(
    'section',
    {},
    el('h2', {}, title),
    el(
      'dl',
      {},
      ...known.flatMap(([name, value = '']) => [
        el('dt', { dir: 'auto' }, name),
        el('dd', { dir: 'auto' }, value),
      ]),
    ),
  );
}

function dateOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toLocaleString();
}
