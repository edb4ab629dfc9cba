import type { Outcome } from '../../types.ts';
import type { Thumbnails } from '../openThumbnails.ts';
import type { SheetCell } from './SheetCell.ts';

/** Longer texts are cut by the sheet anyway. */
const MAX_TEXT_CHARS = 200;

/**
 * The places of an outcome on the contact sheet: one for each original, one for a failure; none for a job that was never
 * begun. The caption is what the plan says: number and tags, and the prompt.
 */
export function sheetCells(outcome: Outcome, thumbnails: Pick<Thumbnails, 'pathOf'>): SheetCell[] {
  const { index, status, tags, prompt, files, error } = outcome;
  const number = String(index + 1);
  const words = Object.values(tags).filter((value) => value !== '');
  const caption = {
    title: [number, ...words].join(' · ').slice(0, MAX_TEXT_CHARS),
    text: prompt.slice(0, MAX_TEXT_CHARS),
  };
  if (status === 'failed') return [{ ...caption, picture: null, ratio: 1, reason: error?.code ?? 'failed' }];
  return files
    .filter(({ role }) => role === 'original')
    .map((file) => ({
      ...caption,
      picture: file.width === null ? null : (thumbnails.pathOf(file) ?? file.path),
      ratio: (file.width ?? 1) / (file.height ?? file.width ?? 1),
      reason: file.format,
    }));
}
