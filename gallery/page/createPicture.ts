import type { GalleryFile, GalleryJob } from '../../src/sinks/gallery/galleryData.ts';
import type { Item } from '../data/Item.ts';
import { urlOf } from '../text/urlOf.ts';
import { breakable } from './breakable.ts';
import { el } from './el.ts';

const titles = {
  saved: 'No picture',
  failed: 'Failed',
  skipped: 'Skipped',
  running: 'Being made',
  waiting: 'To come',
} as const;

/**
 * Creates the thumbnail of an item, of its original or another of its files, or a box that leads with
 * the reason why there is none.
 */
export function createPicture(item: Item, file: GalleryFile | undefined = item.files[0]): HTMLElement {
  const { job } = item;
  if (file?.width === undefined || file.isKept) return createBlank(job, file);
  const { path, thumb = path, width, height = width } = file;
  const image = el('img', {
    src: urlOf(thumb),
    alt: job.prompt,
    width,
    height,
    loading: 'lazy',
    decoding: 'async',
    onerror: () => {
      // If the thumbnail was deleted, show the original.
      if (image.getAttribute('src') !== urlOf(path)) image.src = urlOf(path);
      else
        image.replaceWith(
          el(
            'span',
            { class: 'blank' },
            el('strong', {}, 'Not there'),
            el('span', { class: 'reason' }, path),
          ),
        );
    },
  });
  return image;
}

function createBlank(job: GalleryJob, file: GalleryFile | undefined): HTMLElement {
  const title = titleOf(job, file);
  const message =
    file === undefined || file.isKept ? job.error?.message : `This is a file of kind ${file.format}.`;
  const hasReason = message !== undefined && message !== '';
  return el(
    'span',
    { class: `blank is-${job.status}` },
    el('strong', { class: 'reason', dir: 'auto' }, hasReason ? message : title),
    hasReason
      ? el('span', { class: 'kind' }, ...breakable([title, job.error?.code].filter(Boolean).join(' · ')))
      : null,
    el('span', { class: 'unseen' }, ` Prompt: ${job.prompt}`),
  );
}

function titleOf({ status, error }: GalleryJob, file: GalleryFile | undefined): string {
  if (file === undefined) return error?.code === 'ERR_INCOMPLETE' ? 'Incomplete' : titles[status];
  return file.isKept ? file.name.replace(/^./, (letter) => letter.toUpperCase()) : file.format.toUpperCase();
}
