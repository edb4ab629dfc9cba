import type { Json, ModelInput, Outcome, OutcomeFile } from '../../types.ts';
import type { Thumbnails } from '../openThumbnails.ts';
import type { GalleryFile, GalleryJob } from './GalleryData.ts';

/** Texts that are longer, above all pictures given as data, are in the sidecar. */
const MAX_TEXT_CHARS = 10_000;

/** What the page gets to know of an outcome. */
export function galleryJob(outcome: Outcome, thumbnails: Pick<Thumbnails, 'pathOf'>): GalleryJob {
  const { index, status, attempts, version, predictionId, cached, error, costUsd, metrics } = outcome;
  const prompt = cutText(outcome.prompt);
  const input = cutInput(outcome);
  const files = outcome.files.filter(({ role }) => role !== 'untouched');
  return {
    index,
    status,
    prompt,
    model: outcome.model,
    attempts,
    ...(version !== null && /^[0-9a-f]{64}$/.test(version) && { version }),
    ...(Object.keys(input).length > 0 && { input }),
    ...(Object.keys(outcome.tags).length > 0 && { tags: outcome.tags }),
    ...(predictionId !== null && { predictionId }),
    ...(files.length > 0 && { files: files.map((file) => galleryFile(file, thumbnails)) }),
    ...numberAs('predictS', metrics.predict_time),
    ...numberAs('totalS', metrics.total_time),
    ...numberAs('score', metrics.score),
    ...numberAs('costUsd', costUsd),
    ...(cached && { cached }),
    ...numberAs('createdMs', msOf(outcome.createdAt)),
    ...numberAs('completedMs', msOf(outcome.completedAt)),
    ...(error && { error: { ...error, message: cutText(error.message) } }),
    ...(isCut(outcome) && { isCut: true as const }),
  };
}

function galleryFile(file: OutcomeFile, thumbnails: Pick<Thumbnails, 'pathOf'>): GalleryFile {
  const { role, name, path, width, height, format, bytes } = file;
  const thumb = role === 'original' ? thumbnails.pathOf(file) : null;
  return {
    name,
    path,
    ...numberAs('width', width),
    ...numberAs('height', height),
    format,
    bytes,
    ...(thumb !== null && { thumb }),
  };
}

function numberAs<Name extends string>(name: Name, value: unknown): { [Key in Name]?: number } {
  return typeof value === 'number' && Number.isFinite(value)
    ? ({ [name]: value } as { [Key in Name]: number })
    : {};
}

function msOf(date: string | null): number {
  return date === null ? Number.NaN : Date.parse(date);
}

function cutInput({ input, prompt }: Outcome): ModelInput {
  const entries = Object.entries(input).filter(([name, value]) => name !== 'prompt' || value !== prompt);
  return Object.fromEntries(entries.map(([name, value]) => [name, cutValue(value)]));
}

function cutValue(value: Json): Json {
  if (typeof value === 'string') return cutText(value);
  return isLong(value) ? cutText(JSON.stringify(value)) : value;
}

function isCut({ prompt, input }: Outcome): boolean {
  return prompt.length > MAX_TEXT_CHARS || Object.values(input).some(isLong);
}

function isLong(value: Json): boolean {
  return JSON.stringify(value).length > MAX_TEXT_CHARS;
}

function cutText(text: string): string {
  return text.length > MAX_TEXT_CHARS ? `${text.slice(0, MAX_TEXT_CHARS)}…` : text;
}
