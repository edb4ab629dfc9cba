import type { Observable, ObservableInput } from 'rxjs';
import type { PredictionError } from './errors.ts';
import type {
  ClaimOwner,
  CreateLimits,
  CreateOptions,
  DownloadTarget,
  FetchedOutput,
  ImageFile,
  ImageToScore,
  InputFile,
  JobRecord,
  JournalEntry,
  Json,
  KeptModel,
  LeaseRequest,
  Model,
  Outcome,
  Plan,
  Prediction,
  PredictionEvent,
  PredictionPage,
  PredictionRequest,
  ProvenanceWriter,
  RenderedFile,
  RenditionSpec,
  ResultLease,
  SpendingPeriod,
  UploadedFile,
} from './types.ts';

export type { DownloadTarget, ProvenanceWriter } from './types.ts';

/**
 * A service that makes images. Every method performs its HTTP call once per subscription, aborts it
 * on unsubscribe, emits one value (no value, or a wrong one, counts as `ERR_PROVIDER_VALUE`), and a
 * `ProviderError` if it fails (a `StorageError` if no file handle is left). It repeats a call only
 * if the first one certainly had no effect: a create request for a model without a route by name
 * goes out by version, a list asked for by a wrong clock is asked for by the right one, and an
 * idempotent create request is sent again. Outputs live for about an hour (`OUTPUT_LIFETIME_MS`).
 */
export interface Provider {
  /** Reads this service's predictions. */
  readonly answers: ProviderAnswers;
  /** Emits the service's name, as `base/service.ts` makes it. Absent: it is compared with none. */
  identify?(): Observable<string>;
  /**
   * True if the service runs on this machine: then its outputs may be at addresses that only this
   * machine reaches. Absent: false.
   */
  readonly isLocal?: boolean;
  /** True if the service itself is at an `http:` address: outputs may be, too. Absent: false. */
  readonly isPlain?: boolean;
  createPrediction(request: PredictionRequest, options: CreateOptions): Observable<Prediction>;
  getPrediction(id: string): Observable<Prediction>;
  /** Lists predictions created from this moment of the local clock on, newest first. */
  listPredictions(query: {
    readonly createdAfterMs: number;
    readonly next?: string;
  }): Observable<PredictionPage>;
  cancelPrediction(id: string): Observable<Prediction>;
  getModel(name: string, version?: string | null): Observable<Model>;
  /** Uploads a file for predictions; free, so it may be repeated. Absent: `data:` URLs. */
  uploadFile?(file: InputFile): Observable<UploadedFile>;
}

/**
 * Reads a provider's predictions, without calls to the service. Amounts are millionths of a US
 * dollar.
 */
export interface ProviderAnswers {
  /** Returns the URLs of the files in an output, in its order. */
  readonly urlsOf: (output: Json) => readonly string[];
  /**
   * Returns the cost of a finished prediction; null if no price is known. `priceMicroUsd`, the
   * price of one output image, overrides the provider's own price.
   */
  readonly costOf: (prediction: Prediction, priceMicroUsd?: number) => number | null;
  /**
   * Returns the expected price of a whole prediction before it is created; null if no price is
   * known. `priceMicroUsd` as in `costOf`. A budget reserves at least that much. Absent: plans have
   * the only prices.
   */
  readonly estimateOf?: (request: PredictionRequest, priceMicroUsd?: number) => number | null;
  /** Returns the error of a prediction that ended without output. */
  readonly errorOf: (prediction: Prediction) => PredictionError;
  /**
   * Describes a model's price and its source, for people: `$0.003 an image (as given)`; null if no
   * price is known. `priceMicroUsd` as in `costOf`.
   */
  readonly describePrice: (model: string, priceMicroUsd?: number) => string | null;
}

/** Follows predictions to their end; one for all jobs of a run. */
export interface Follower {
  /**
   * Emits later states of a prediction and completes with its final one. `sinceMs` is the time just
   * before its create request was sent, by the local clock. Emits an error if the service cannot be
   * asked.
   */
  follow(prediction: Prediction, sinceMs: number): Observable<Prediction>;
}

/**
 * Reports that the service sends by itself about predictions (webhooks). A hint, never a promise:
 * any of them may be late or lost, so keep asking about a prediction too, only less often.
 */
export interface PredictionEvents {
  /** URL for the service to send them to. */
  readonly url: string;
  /**
   * Shared by all jobs, and hot: a new subscriber first gets the reports of the last few seconds.
   * Never emits an error; after a final state nothing more comes of that prediction.
   */
  readonly events: Observable<PredictionEvent>;
}

/** Stores the service's descriptions of models between runs; no method ever fails. */
export interface ModelCache {
  /** Emits null if nothing is stored, or nothing that can be read. */
  read(name: string, version: string | null): Observable<KeptModel | null>;
  /** Emits once and completes when the response is stored, or cannot be. */
  write(name: string, version: string | null, answer: unknown): Observable<void>;
  forget(name: string, version: string | null): Observable<void>;
}

/** Downloads an output (`https:`, `http:`, `data:`) to disk: verified, flushed, then renamed. */
export interface Downloader {
  download(url: string, target: DownloadTarget): Observable<ImageFile>;
}

/** Makes all renditions of an original from one decode; emits them together, each complete. */
export interface Renderer {
  render(
    original: ImageFile,
    specs: readonly RenditionSpec[],
    stem: string,
    /** Applied to each rendition; bytes that it adds count in `maxBytes`. Default: none. */
    embedProvenance?: ProvenanceWriter,
    mayReplace?: DownloadTarget['mayReplace'],
  ): Observable<readonly RenderedFile[]>;
  /** Emits `RenderError` if an original without renditions cannot be decoded. Default: no-op. */
  check?(original: ImageFile): Observable<never>;
}

/** Results of requests, stored across runs and shared between processes. */
export interface ResultCache {
  /** Copies a stored result to a job's path, complete and verified; null if none is intact. */
  restore(key: string, target: DownloadTarget): Observable<FetchedOutput | null>;
  keep(key: string, output: FetchedOutput): Observable<void>;
  /** Emits once no other process makes this result; see `LeaseRequest`. Default: at once. */
  lease?(key: string, request: LeaseRequest): Observable<ResultLease | null>;
}

/** Rates an image; higher is better. Returns a number, or a promise or Observable of one. */
export type Scorer = (image: ImageToScore) => number | ObservableInput<number>;

/** A further destination of finished images, besides the run folder. */
export interface Destination {
  /** `s3://bucket/prefix`, `webdataset`: its name in errors and outcomes. */
  readonly name: string;
  /** Deliveries at the same time, at most. */
  readonly concurrency: number;
  /**
   * Delivers the files of a saved outcome; emits their addresses, in the order of the files, once
   * all are safe. Delivering the same outcome again changes nothing. Emits `DeliveryError` if the
   * destination refuses this outcome, and `StorageError` if this machine's disk does.
   */
  deliver(outcome: Outcome): Observable<readonly string[]>;
  /** Called once when the run is over, however it ended. */
  close(): Promise<void>;
}

/** Money reserved for one job. Settle or release it once; further calls do nothing. */
export interface Reservation {
  readonly microUsd: number;
  /** Books the money that was really paid and frees the rest. */
  settle(actualMicroUsd: number): void;
  /** Frees all of it, if nothing was paid. */
  release(): void;
}

/** Keeps reserved plus spent money at or below a limit. Amounts are millionths of a US dollar. */
export interface Ledger {
  /**
   * Reserves an amount; returns null if it does not fit under the limit any more. Null, for an
   * unknown price, fits only if there is no limit.
   */
  reserve(microUsd: number | null): Reservation | null;
  /** Reserves it for an attempt of an earlier run, and never refuses it. Absent: `reserve`. */
  resume?(microUsd: number): Reservation | null;
  /** Returns the time whose limit refused the last amount; null: the run's own. Absent: null. */
  refusedBy?(): SpendingPeriod | null;
  readonly reservedMicroUsd: number;
  readonly spentMicroUsd: number;
}

/** Gives each prediction to one job, so that no two jobs count the same one as theirs. */
export interface Claims {
  /** Claims a prediction for an attempt; emits once: false if it belongs to another one. */
  take(id: string, owner: ClaimOwner | null): Observable<boolean>;
  /** Returns true if a prediction is known to belong to a job. */
  has(id: string): boolean;
  /** Notes predictions that belong to jobs. */
  know(ids: Iterable<string>): void;
  /** Reads the claims of other processes, before each look. Absent: there are no others. */
  refresh?(): Observable<void>;
}

/** Leave to send one create request. Report the response, if there is one: it times the next. */
export interface CreateTicket {
  /** Reports that the request was accepted; `limits` is null if the response named none. */
  accepted(limits: CreateLimits | null): void;
  /** Reports that it was refused as one too many; the service may have named wait and reason. */
  refused(waitMs: number | null, reason?: string | null): void;
  /** Reports that the request is over, however it ended. Absent: the governor need not know. */
  over?(): void;
}

/** Decides when the next create request may be sent; one for all of a run. */
export interface Governor {
  /**
   * Emits once and completes when the next create request may be sent; one that `wasRefused` goes
   * before those not sent yet. Emits a `ProviderError` that stops the run if the wait is too long.
   */
  admit(wasRefused?: boolean): Observable<CreateTicket>;
  /** Returns the time in ms for which a refusal has closed it. Absent: unknown. */
  closedMs?(): number;
}

/** The memory of a run, by job index. A confirmed entry survives a power cut. */
export interface Journal {
  /** Returns the record of a job; undefined if it has no entry. */
  find(index: number): JobRecord | undefined;
  /** Returns true if the job's files are all on disk. Quick: it is called for every job. */
  isSaved(index: number): boolean;
  /**
   * Returns the jobs that an earlier run left with a prediction whose output may be available:
   * intended, created or downloaded, also those that failed after that. Few, however many jobs.
   */
  openIndexes(): ReadonlySet<number>;
  /** Returns every prediction id known to this run, so that none is adopted twice. */
  knownPredictionIds(): Iterable<string>;
  /** Stores an entry; emits once and completes when it is safe on disk. */
  record(plan: Plan, entry: JournalEntry): Observable<void>;
  /** True if `intended` waits for a turn of the account: a run that halts withdraws it. */
  readonly admits?: boolean;
  /** Returns false if leave to send, which `intended` gave, has grown too old. Absent: true. */
  mayStillSend?(index: number): boolean;
}
