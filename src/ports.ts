import type { Observable, ObservableInput } from 'rxjs';
import type { PredictionError } from './errors.ts';
import type {
  FetchedOutput,
  ImageFile,
  InputFile,
  Json,
  Model,
  Outcome,
  Plan,
  Prediction,
  PredictionEvent,
  PredictionPage,
  PredictionRequest,
  RenditionSpec,
  UploadedFile,
} from './types.ts';

/** How a prediction is to be created. */
export interface CreateOptions {
  /** How long the service may hold the answer back for the result. 0 answers at once; at most 60,000. */
  readonly waitMs: number;
  /** The service ends the prediction by itself after this time (at least 5,000). */
  readonly cancelAfterMs?: number;
  /** Where the service is to tell of the end: `PredictionEvents.url`, a query of one's own added. Default: nowhere. */
  readonly webhookUrl?: string;
  /** Told the limits that an answer names, before the answer is emitted. Never called where it names none. */
  readonly onLimits?: (limits: CreateLimits) => void;
}

/** What a service says with an answer of how many creates it takes. */
export interface CreateLimits {
  /** Creates that it would have taken at once after the one it answers. */
  readonly remaining: number;
  /** Time until it would have taken as many at once as it ever does; null where it does not say. */
  readonly fullInMs: number | null;
}

/**
 * A service that makes images. Every method performs its HTTP call once per subscription, aborts it on unsubscribe, and
 * emits a `ProviderError` where it fails (a `StorageError` where this machine has no file handle left for the connection).
 * It asks anew only where the first answer certainly had no effect: a create that the route by name does not know goes out
 * by version, a list asked for by a wrong clock is asked for by the right one, and a create that is idempotent by the
 * service's own word is sent again.
 *
 * A service keeps the outputs of a prediction, and lists it, for an hour: 55 minutes is what runs rely on
 * (`OUTPUT_LIFETIME_MS`).
 */
export interface Provider {
  /** Reads its predictions: what only this service's client can know. */
  readonly answers: ProviderAnswers;
  createPrediction(request: PredictionRequest, options: CreateOptions): Observable<Prediction>;
  getPrediction(id: string): Observable<Prediction>;
  /** Predictions created at or after this moment of the local clock (ms since 1970), newest first. */
  listPredictions(query: {
    readonly createdAfterMs: number;
    readonly next?: string;
  }): Observable<PredictionPage>;
  cancelPrediction(id: string): Observable<Prediction>;
  getModel(name: string, version?: string | null): Observable<Model>;
  /**
   * Gives the service a file that predictions can then be given by its URL. Free, so it may be repeated. Absent where the
   * service takes files only inside of requests, as `data:` URLs.
   */
  uploadFile?(file: InputFile): Observable<UploadedFile>;
}

/** Reads a provider's predictions: the part of its contract that makes no calls. Amounts are millionths of a US dollar. */
export interface ProviderAnswers {
  /** Returns the URLs of the files in an output, in its order. */
  readonly urlsOf: (output: Json) => readonly string[];
  /**
   * Returns the cost of a finished prediction; null if no price is known. `priceMicroUsd`, the price of one output image,
   * overrides the provider's own price.
   */
  readonly costOf: (prediction: Prediction, priceMicroUsd?: number) => number | null;
  /** Returns the error of a prediction that ended without output. */
  readonly errorOf: (prediction: Prediction) => PredictionError;
  /**
   * Describes a model's price and its source, for people: `$0.003 an image (as given)`; null if no price is known.
   * `priceMicroUsd` as in `costOf`.
   */
  readonly describePrice: (model: string, priceMicroUsd?: number) => string | null;
}

/** Learns how predictions go on; one for all jobs of a run. */
export interface Follower {
  /**
   * Emits later states of a prediction and completes with its final one. `sinceMs` is when its create was about to be
   * sent, by the local clock. Emits an error where the service cannot be asked.
   */
  follow(prediction: Prediction, sinceMs: number): Observable<Prediction>;
}

/**
 * What the service tells by itself about predictions. A hint, never a promise: any of them may be late or lost, so whoever
 * waits for a prediction goes on asking too, only more seldom.
 */
export interface PredictionEvents {
  /** Where the service is to send them. */
  readonly url: string;
  /**
   * Shared by all jobs, and hot but for the last few seconds, which whoever subscribes gets first. Never emits an error;
   * after a final state nothing more comes of that prediction.
   */
  readonly events: Observable<PredictionEvent>;
}

/** Keeps what a service said about models from one run to the next. A convenience: no method ever fails. */
export interface ModelCache {
  /** Null where nothing is kept, or nothing that can be read. */
  read(name: string, version: string | null): Observable<KeptModel | null>;
  /** Emits once and completes when it is kept, or cannot be. */
  write(name: string, version: string | null, answer: unknown): Observable<void>;
  forget(name: string, version: string | null): Observable<void>;
}

export interface KeptModel {
  /** As the service sent it. */
  readonly answer: unknown;
  /** ms since 1970. */
  readonly savedAtMs: number;
}

/** Where a downloaded file goes. */
export interface DownloadTarget {
  /** Absolute path without extension; the extension is chosen by content. */
  readonly stem: string;
  /** Makes of a picture's bytes what is kept of them. Absent: they stay as they are. */
  readonly embedProvenance?: ProvenanceWriter;
  /** Where the bytes of a picture go as they came, beside those that were marked; as `stem`. Absent: nowhere. */
  readonly untouchedStem?: string;
}

/**
 * Writes into a picture where it is from: takes the bytes of a file and its format (as `ImageFile` has it) and gives the bytes
 * to keep, or the same where it leaves them alone. Does so again without harm.
 */
export type ProvenanceWriter = (bytes: Buffer, format: string) => Promise<Buffer>;

/** Fetches one output (`https:`, `http:` or `data:` URL) to disk: whole, verified, flushed and renamed before it emits. */
export interface Downloader {
  download(url: string, target: DownloadTarget): Observable<ImageFile>;
}

/** Makes all renditions of one original from one decode; emits them together, each whole and renamed. */
export interface Renderer {
  render(
    original: ImageFile,
    specs: readonly RenditionSpec[],
    stem: string,
    /** Applied to each rendition; what it adds counts in `maxBytes`. Absent: they stay as they were encoded. */
    embedProvenance?: ProvenanceWriter,
  ): Observable<readonly RenderedFile[]>;
}

export interface RenderedFile extends ImageFile {
  readonly spec: RenditionSpec;
}

/** Results of requests, kept across runs and shared between processes. */
export interface ResultCache {
  /**
   * Brings the kept result of a request to a job's place, its files whole and verified; emits null where there is none,
   * or where it is damaged.
   */
  restore(key: string, target: DownloadTarget): Observable<FetchedOutput | null>;
  keep(key: string, output: FetchedOutput): Observable<void>;
}

/** A picture that is to be rated. */
export interface ImageToScore {
  /** Absolute path of an original. */
  readonly path: string;
  readonly prompt: string;
  /** Of its job. */
  readonly index: number;
}

/** Rates a picture; higher is better. A number, a promise of one, or an Observable that emits one. */
export type Scorer = (image: ImageToScore) => number | ObservableInput<number>;

/** A further place where finished pictures go, besides the run folder. */
export interface Destination {
  /** `s3://bucket/prefix`, `webdataset`: names it in errors and outcomes. */
  readonly name: string;
  /** Deliveries at the same time at most. */
  readonly concurrency: number;
  /**
   * Brings the files of a saved outcome there; emits their addresses, in the order of the files, once all are safe.
   * Called again for the same outcome it changes nothing. Emits `DeliveryError` where the place refuses this outcome, and
   * `StorageError` where this machine's disk does.
   */
  deliver(outcome: Outcome): Observable<readonly string[]>;
  /** Called once when the run is over, whatever its end. */
  close(): Promise<void>;
}

/** Money held for one job. Settle or release it once; further calls do nothing. */
export interface Reservation {
  readonly microUsd: number;
  /** Books what was really paid and frees the rest. */
  settle(actualMicroUsd: number): void;
  /** Frees all of it: nothing was paid. */
  release(): void;
}

/** Keeps reserved plus spent money at or below a limit. Amounts are whole millionths of a US dollar. */
export interface Ledger {
  /** Null where the amount does not fit under the limit any more. */
  reserve(microUsd: number): Reservation | null;
  readonly reservedMicroUsd: number;
  readonly spentMicroUsd: number;
}

/** A create that may be sent. Say once what the service made of it, where that is known: it times the next ones. */
export interface CreateTicket {
  /** The create was accepted; null where the answer named no limits. */
  accepted(limits: CreateLimits | null): void;
  /** The create was refused as one too many: none is sent for this long. Null where the service named no wait. */
  refused(waitMs: number | null): void;
}

/** Decides when the next create may be sent; one for all creates of a run (later: of an account). */
export interface Governor {
  /** Emits once and completes when the next create may be sent. */
  admit(): Observable<CreateTicket>;
}

/** What is written down about a job, in the order in which it happens. */
export type JournalEntry =
  /** Written and flushed before the POST: from now on a prediction may exist. */
  | {
      readonly type: 'intended';
      readonly attempt: number;
      readonly atMs: number;
      /** What is sent, where it is not the plan's own request (a fallback, uploaded files); long data cut to its hash. */
      readonly request?: PredictionRequest;
    }
  | { readonly type: 'created'; readonly attempt: number; readonly predictionId: string }
  /** The attempt ended without a usable output, so the next one may begin. */
  | { readonly type: 'ended'; readonly attempt: number; readonly costMicroUsd: number }
  /** The originals are whole on disk. */
  | { readonly type: 'downloaded'; readonly prediction: Prediction; readonly files: readonly ImageFile[] }
  | { readonly type: 'outcome'; readonly outcome: Outcome };

/** What earlier runs left about a job. */
export interface JobRecord {
  readonly index: number;
  readonly key: string;
  readonly state: 'intended' | 'created' | 'ended' | 'downloaded' | 'saved' | 'failed' | 'skipped';
  /** Predictions made so far, the open one included. */
  readonly attempts: number;
  /** When the open attempt's POST was about to be sent, ms since 1970. */
  readonly intendedAtMs: number | null;
  readonly predictionId: string | null;
  /** What the open attempt sent, where it was not the plan's own request; long data cut to its hash. */
  readonly request: PredictionRequest | null;
  /** The finished prediction, once downloaded. */
  readonly prediction: Prediction | null;
  readonly files: readonly ImageFile[];
  /** Paid for ended attempts. */
  readonly costMicroUsd: number;
}

/** The memory of a run, by job index. What it has confirmed survives a power cut. */
export interface Journal {
  /** Undefined where nothing was ever written about the job. */
  find(index: number): JobRecord | undefined;
  /** Whether the job's files are all on disk. Quick: it is asked for every job of the input. */
  isSaved(index: number): boolean;
  /**
   * Jobs that an earlier run left with a prediction that may still be had: intended, created or downloaded, also those
   * that failed on the way from there. Few, whatever the size of the input.
   */
  openIndexes(): ReadonlySet<number>;
  /** Every prediction id known to this run, so that none is adopted twice. */
  knownPredictionIds(): Iterable<string>;
  /** Emits once and completes when the entry is safe on disk. */
  record(plan: Plan, entry: JournalEntry): Observable<void>;
}
