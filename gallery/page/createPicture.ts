import type { GalleryFile, GalleryJob } from '../../src/sinks/gallery/galleryData.ts';
import type { Item } from '../data/Item.ts';
import { urlOf } from '../text/urlOf.ts';
import { el } from './el.ts';

const reasons = { saved: 'No picture', failed: 'Failed', skipped: 'Skipped', running: 'Being made' } as const;

/** Creates an item's thumbnail, or a box with the reason why there is none. */
export function createPicture({ job, files: [original] }: Item): HTMLElement {
  if (original?.width === undefined || original.isKept) {
    const why =
      original === undefined || original.isKept
        ? (job.error?.message ?? '')
        : `This is a file of kind ${original.format}.`;
    return el(
      'span',
      { class: `blank is-${job.status}` },
      el('strong', {}, titleOf(job, original)),
      el('span', { class: 'reason', dir: 'auto' }, why),
      el('span', { class: 'unseen' }, ` Prompt: ${job.prompt}`),
    );
  }
  const { path, thumb = path, width, height = width } = original;
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

function titleOf({ status, error }: GalleryJob, file: GalleryFile | undefined): string {
  if (file === undefined) return error?.code === 'ERR_INCOMPLETE' ? 'Incomplete' : reasons[status];
  return file.isKept ? file.name.replace(/^./, (letter) => letter.toUpperCase()) : file.format.toUpperCase();
}
