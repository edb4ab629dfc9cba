import type { ModelInput, OutcomeError, Tags } from '../../types.ts';
import type { Report } from '../Report.ts';

/** What the gallery's page reads: the run in numbers, and its jobs. What is not there was null, empty or false. */
export interface GalleryData {
  /** Of the run folder. */
  readonly name: string;
  readonly report: Report;
  readonly jobs: readonly GalleryJob[];
  /** Where the run stands, on a page that is served while it goes. */
  readonly live?: LiveState;
}

/** How far a run is. */
export interface LiveState {
  /** Grows with each change. */
  readonly version: number;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly costUsd: number;
  /** Null while there is too little to say so; likewise the next. */
  readonly ratePerMinute: number | null;
  readonly leftMs: number | null;
  readonly isOver: boolean;
}

/** What has changed since an earlier version. */
export interface LiveUpdate {
  readonly live: LiveState;
  readonly jobs: readonly GalleryJob[];
}

/** An outcome, without what a page has no use for. */
export interface GalleryJob {
  readonly index: number;
  /** `running` only while the page is served during the run. */
  readonly status: 'saved' | 'failed' | 'skipped' | 'running';
  readonly prompt: string;
  readonly model: string;
  /** 64 hex digits. */
  readonly version?: string;
  /** Without the prompt where it is the same. */
  readonly input?: ModelInput;
  readonly tags?: Tags;
  readonly predictionId?: string;
  readonly attempts: number;
  /** Each original is followed by its renditions. */
  readonly files?: readonly GalleryFile[];
  /** Seconds that the model ran. */
  readonly predictS?: number;
  /** Seconds from the create to the end. */
  readonly totalS?: number;
  readonly score?: number;
  readonly costUsd?: number;
  readonly cached?: true;
  /** ms since 1970, by the service's clock. */
  readonly createdMs?: number;
  readonly completedMs?: number;
  readonly error?: OutcomeError;
  /** Texts were too long to be here as a whole. */
  readonly isCut?: true;
}

export interface GalleryFile {
  /** `original`, or the rendition's name. */
  readonly name: string;
  /** Relative to the run folder. */
  readonly path: string;
  readonly width?: number;
  readonly height?: number;
  readonly format: string;
  readonly bytes: number;
  /** The picture to show small, relative to the run folder. */
  readonly thumb?: string;
}
