import { isSimulated } from '../../base/service.ts';
import type { Json, ModelInput, Outcome, OutcomeError, OutcomeFile, Tags } from '../../types.ts';
import type { RefinementHistory } from '../refinement/history.ts';
import type { Report } from '../report/report.ts';
import type { Thumbnails } from './thumbnails.ts';

/**
 * The data of the gallery's page: the run's report and its jobs. Missing fields were null, empty or
 * false.
 */
export interface GalleryData {
  /** Set if the run was a simulation. */
  readonly isSimulated?: true;
  /** Name of the run folder. */
  readonly name: string;
  /** Absolute path of the run folder, on a page that is served during the run. */
  readonly folder?: string;
  readonly report: Report;
  readonly jobs: readonly GalleryJob[];
  /** The rounds of a refinement. */
  readonly refinement?: RefinementHistory;
  /** Progress of the run, on a page that is served during it. */
  readonly live?: LiveState;
}

/** Progress of a run. */
export interface LiveState {
  /** Number of changes so far. */
  readonly version: number;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly costUsd: number;
  /** Finished jobs a minute; null while there is too little data. */
  readonly ratePerMinute: number | null;
  /** Estimated time left; null while there is too little data. */
  readonly leftMs: number | null;
  readonly isOver: boolean;
  /** True while no attempt begins. */
  readonly isPaused: boolean;
  /** True once the run was cancelled from the page. */
  readonly isCancelled: boolean;
}

/** The changes since an earlier version. */
export interface LiveUpdate {
  readonly live: LiveState;
  readonly jobs: readonly GalleryJob[];
}

/** The request of a job. */
interface GalleryRequest {
  readonly prompt: string;
  readonly model: string;
  /** 64 hex digits. */
  readonly version?: string;
  /** Input of the model, without `prompt` if that is the job's prompt. */
  readonly input?: ModelInput;
  readonly tags?: Tags;
  /** Set if texts were too long and are shortened here. */
  readonly isCut?: true;
}

/** The times of a job. */
interface GalleryTimes {
  /** `predict_time`: seconds that the model ran. */
  readonly predictS?: number;
  /** Seconds from the create request to the end. */
  readonly totalS?: number;
  /** Seconds from the create request to its response, by the clock of the run's machine. */
  readonly ownWallS?: number;
  /** Milliseconds since 1970, by the service's clock. */
  readonly createdMs?: number;
  /** Milliseconds since 1970, by the service's clock. */
  readonly completedMs?: number;
}

/** An outcome, reduced to the fields that the page shows. */
export interface GalleryJob extends GalleryRequest, GalleryTimes {
  readonly index: number;
  /** `running` and `waiting` occur only on a page that is served during the run. */
  readonly status: 'saved' | 'failed' | 'skipped' | 'running' | 'waiting';
  readonly predictionId?: string;
  readonly attempts: number;
  /** Each original is followed by its renditions. */
  readonly files?: readonly GalleryFile[];
  readonly score?: number;
  readonly costUsd?: number;
  /** Set if the cost is an estimate, if only in part. */
  readonly isEstimate?: true;
  readonly cached?: true;
  /** Set if no model ran: the image is a drawing of the simulator. */
  readonly isSimulated?: true;
  readonly error?: OutcomeError;
}

export interface GalleryFile {
  /** `original`, or the name of the rendition; `unrecognised`, … for a kept file. */
  readonly name: string;
  /** Set for an output that is kept although it cannot be used. */
  readonly isKept?: true;
  /** Path relative to the run folder. */
  readonly path: string;
  readonly width?: number;
  readonly height?: number;
  readonly format: string;
  readonly bytes: number;
  /** Path of the thumbnail, relative to the run folder. */
  readonly thumb?: string;
  /** The first 20 hex digits of the SHA-256 of an original. */
  readonly sha256?: string;
}

/**
 * Characters of a text, at most. The sidecar has longer ones in full, such as images as data URLs.
 */
const MAX_TEXT_CHARS = 10_000;

/** Returns the part of an outcome that the page shows. */
export function galleryJob(outcome: Outcome, thumbnails: Pick<Thumbnails, 'pathOf'>): GalleryJob {
  const { index, status, attempts, version, predictionId, cached, error, metrics } = outcome;
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
    ...measuredFields(outcome),
    ...numberAs('ownWallS', metrics.own_wall_time),
    ...(outcome.estimatedUsd !== undefined && { isEstimate: true as const }),
    ...numberAs('score', metrics.score),
    ...(cached && { cached }),
    ...(isSimulated(outcome.service) && { isSimulated: true as const }),
    ...numberAs('createdMs', msOf(outcome.createdAt)),
    ...(error && { error: { ...error, message: cutText(error.message) } }),
    ...(isCut(outcome) && { isCut: true as const }),
  };
}

/** Returns a job with the times and cost that the service has reported late. */
export function measuredJob(
  { ownWallS: _own, isEstimate: _estimate, ...job }: GalleryJob,
  late: Pick<Outcome, 'metrics' | 'costUsd' | 'completedAt'>,
): GalleryJob {
  return { ...job, ...measuredFields(late) };
}

function measuredFields({
  metrics,
  costUsd,
  completedAt,
}: Pick<Outcome, 'metrics' | 'costUsd' | 'completedAt'>): Partial<GalleryJob> {
  return {
    ...numberAs('predictS', metrics.predict_time),
    ...numberAs('totalS', metrics.total_time),
    ...numberAs('costUsd', costUsd),
    ...numberAs('completedMs', msOf(completedAt)),
  };
}

function galleryFile(file: OutcomeFile, thumbnails: Pick<Thumbnails, 'pathOf'>): GalleryFile {
  const { role, name, path, width, height, format, bytes, sha256 } = file;
  const thumb = role === 'original' ? thumbnails.pathOf(file) : null;
  const size = { ...numberAs('width', width), ...numberAs('height', height) };
  return {
    name,
    path,
    // A browser should not try to show files that cannot be decoded here.
    ...(role === 'kept' ? { isKept: true as const } : size),
    format,
    bytes,
    ...(thumb !== null && { thumb }),
    ...(role === 'original' && { sha256: sha256.slice(0, 20) }),
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
