import type { ObservableInput } from 'rxjs';

/** A value that survives JSON unchanged. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** The input of a model, by input name. */
export type ModelInput = Readonly<Record<string, Json>>;

/** Words about a job that are not sent to the model: use them to organise, search and filter. */
export type Tags = Readonly<Record<string, string>>;

/** The way in which a rendition fills its frame; the names are sharp's. */
export type RenditionFit = (typeof renditionChoices.fit)[number];

export type RenditionFormat = (typeof renditionChoices.format)[number];

/** A gravity in a frame: `centre`, `north`, `southeast`, … */
export type RenditionPlace = (typeof renditionChoices.place)[number];

/** A fixed gravity, or one that follows the content of the image: `attention`, `entropy`. */
export type RenditionGravity = RenditionPlace | (typeof renditionChoices.focus)[number];

/** A logo or watermark on a rendition. */
export interface RenditionOverlay {
  /** Path of an image file, SVG included. */
  readonly file: string;
  readonly place: RenditionPlace;
  /**
   * Width as a part of the rendition's, above 0 to 1. The overlay is made smaller if it would be
   * too high.
   */
  readonly scale: number;
  /** 0…1, from invisible to opaque. */
  readonly opacity: number;
  /** Distance from the edges as a part of the rendition's shorter side, 0 to 0.4. */
  readonly margin: number;
}

/** Words on a rendition, white on a dark band across it. */
export interface RenditionCaption {
  /** May have placeholders until the job is planned: `{prompt}`, `{platform}`, `{index}`. */
  readonly text: string;
  readonly place: (typeof renditionChoices.captionPlace)[number];
}

/** One more image to make from each original: a size, a way to fill it, and a file format. */
export interface RenditionSpec {
  /** Becomes part of the file name: lower-case letters, digits, `_` and `-`. */
  readonly name: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly fit: RenditionFit;
  readonly format: RenditionFormat;
  /** Encoder quality, 1 to 100. PNG ignores it, unless it has a palette. */
  readonly quality: number;
  /**
   * The part that `cover` keeps, and the side to which `contain` moves the image. Default: the
   * centre.
   */
  readonly gravity?: RenditionGravity;
  /**
   * Upper bound of the file size: quality is lowered, to 30 at the least, until the file fits.
   * Default: no bound.
   */
  readonly maxBytes?: number;
  /**
   * Colour behind the image, `#rrggbb`: seen through its transparent parts and in the room that
   * `contain` leaves. Default: white in JPEG, nothing elsewhere.
   */
  readonly background?: string;
  /** Default: none. */
  readonly overlay?: RenditionOverlay;
  /** Default: none. */
  readonly caption?: RenditionCaption;
  /** Sigma of the mask that sharpens after resizing, 0.3 to 10. Default: not sharpened. */
  readonly sharpen?: number;
  /**
   * Effort of the encoder: WebP 0 to 6, AVIF 0 to 9, PNG with a palette 1 to 10. Default 2, PNG 7.
   */
  readonly effort?: number;
  /** WebP and AVIF. Default false. */
  readonly lossless?: boolean;
  /** JPEG and AVIF. Default: `4:2:0` in JPEG, `4:4:4` in AVIF. */
  readonly chromaSubsampling?: (typeof renditionChoices.chromaSubsampling)[number];
  /** JPEG and PNG. Default: true in JPEG, false in PNG. */
  readonly progressive?: boolean;
  /** PNG with at most 256 colours. Default false. */
  readonly palette?: boolean;
}

/** One image (or one set of images) to make. Sources yield jobs. */
export interface Job {
  /** 0-based position in the input. */
  readonly index: number;
  readonly prompt: string;
  /** `owner/name`. */
  readonly model: string;
  /** The pinned version (64 hex digits), or null for the model's newest. */
  readonly version: string | null;
  /** The whole model input, prompt and seed included. */
  readonly input: ModelInput;
  readonly tags: Tags;
  readonly renditions: readonly RenditionSpec[];
  /** Files to send in place of some texts of the input. Absent: none. */
  readonly files?: InputFiles;
  /** The values of the inputs that are `[secret]` in `input`. Absent: none. */
  readonly secrets?: SecretInputs;
}

/**
 * Returns the values of secret inputs, by name, for the request. A function, as JSON leaves those
 * out.
 */
export type SecretInputs = () => ModelInput;

/** A file to give to a model, known by its content. */
export interface InputFile {
  /** Absolute path, or the content itself. */
  readonly source: string | Uint8Array;
  /** File name of the upload. */
  readonly name: string;
  readonly bytes: number;
  /** Hash of the content, in hex. */
  readonly sha256: string;
  /**
   * Hash that counts in requests instead of `sha256`, if the file also names the prediction that
   * made it: that of the image alone. Identical runs make identical images, but by other
   * predictions.
   */
  readonly identity?: string;
  /** Type by content: `image/png`, … */
  readonly mediaType: string;
}

/** Files by their path in an input: `image`, `image_input[1]`. */
export type InputFiles = Readonly<Record<string, InputFile>>;

/** The local files that the jobs of a run name, to be sent to the service: each once. */
export interface PlannedUploads {
  readonly files: number;
  /** The folders that they lie in, with absolute paths; the one with the most files first. */
  readonly folders: readonly { readonly folder: string; readonly files: number }[];
}

/** A file that the service stores. */
export interface UploadedFile {
  /** Value for the model input. */
  readonly url: string;
  /** Time for which the service stores the file, from the start of the upload. */
  readonly lifetimeMs: number;
}

/** A job that is ready to run: validated, with its key, its price and its path. */
export interface Plan extends Job {
  /**
   * sha256 (hex) of the canonical request: model, version and input, files by content. Identical
   * requests have equal keys.
   */
  readonly key: string;
  /**
   * Expected price of the whole prediction in millionths of a US dollar; null if no price is known.
   */
  readonly priceMicroUsd: number | null;
  /**
   * Plans with the same `resultKey` have identical results, so one result may serve all of them.
   * Absent: the result cannot be shared.
   */
  readonly resultKey?: string;
  /**
   * Path of the job's files below the run folder, `/` between folders, without extension. Unique in
   * a run.
   */
  readonly path: string;
}

/**
 * The state of a prediction. The last four are final. `unknown`: the service names a state that its
 * API does not document, so that the prediction is waited for until its time is up.
 */
export type PredictionStatus =
  | 'unknown'
  | 'starting'
  | 'processing'
  | 'succeeded'
  | 'failed'
  | 'canceled'
  | 'aborted';

/** A request to create a prediction. */
export interface PredictionRequest {
  /** `owner/name`. */
  readonly model: string;
  /** 64 hex digits. Absent or null: the model's newest. */
  readonly version?: string | null;
  readonly input: ModelInput;
}

/** A request and the expected cost of its prediction. */
export interface PricedRequest extends PredictionRequest {
  /** True for the same request with another seed, which helps only after a refusal. */
  readonly onlyAfterRefusal?: boolean;
  /** Millionths of a US dollar; null if no price is known. */
  readonly priceMicroUsd: number | null;
}

/** One run of a model, as last reported by the service. */
export interface Prediction extends PredictionResult, PredictionTimes, PredictionMarks {
  readonly id: string;
  /** `owner/name`. */
  readonly model: string;
  /** 64 hex digits, or `hidden` for official models; null if the service named none. */
  readonly version: string | null;
  readonly status: PredictionStatus;
  /** Null if the service no longer has it, or did not send it. */
  readonly input: ModelInput | null;
}

/** The result of a prediction; empty until it has one. */
export interface PredictionResult {
  readonly output: Json;
  /**
   * True once every output is there: the prediction succeeded, or the response to a create request
   * that waited for the result has the output while its status is still `processing`. In any other
   * response an output of a running prediction may be partial.
   */
  readonly outputComplete: boolean;
  readonly error: string | null;
  /** `predict_time` and `total_time` in seconds, `image_count`, … */
  readonly metrics: Readonly<Record<string, Json>>;
  /** True once the service has deleted input and output (about an hour after the end). */
  readonly dataRemoved: boolean;
}

/** The times of a prediction, as the service names them: ISO 8601, or null. */
export interface PredictionTimes {
  readonly createdAt: string | null;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
}

/** The parts of a create request, besides its input, that the service may show again. */
export interface PredictionMarks {
  /** Time at which the service ends it, ISO 8601. Absent: the service named none. */
  readonly deadline?: string;
  /** URL to which its end is announced. Absent: the service named none. */
  readonly webhook?: string;
}

/** A report that the service sent by itself about a prediction. */
export interface PredictionEvent {
  /** The prediction when the service sent the report. */
  readonly prediction: Prediction;
  /**
   * Query of the URL that the report was sent to, chosen by the sender of the create request. Not
   * covered by a signature.
   */
  readonly query: Readonly<Record<string, string>>;
}

/** One page of the service's list of predictions, newest first. */
export interface PredictionPage {
  readonly predictions: readonly Prediction[];
  /** Pass it back to read the next page; null on the last one. */
  readonly next: string | null;
  /**
   * False if the list has more than can be read: on this page, or behind it, because `next` leads
   * nowhere. Then a prediction that is not in the list may exist nevertheless. Default true.
   */
  readonly isComplete?: boolean;
  /**
   * True if `next` leads nowhere, or in a circle: the list is incomplete, however often it is read.
   * Default false.
   */
  readonly leadsNowhere?: boolean;
  /**
   * True if the service has no list at all: no search is of use, and a create request whose result
   * is unknown stays so. Default false.
   */
  readonly isAbsent?: boolean;
  /** Items of this page that cannot be read, and are left out. Default 0. */
  readonly unreadable?: number;
  /**
   * True if a prediction that is not listed certainly does not exist: the service lists each one at
   * once, or stores none. Default false.
   */
  readonly isCurrent?: boolean;
}

/** One input of a model, from its published schema; the names are those of JSON Schema. */
export interface ModelInputProperty extends NumberLimits, TextLimits, ListLimits {
  /** Null if the schema leaves the type open. */
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object' | null;
  /** True if null is a valid value; otherwise an input is left out rather than null. */
  readonly nullable?: boolean;
  /** True for a password, a token or the like, which is shown nowhere. Default false. */
  readonly isSecret?: boolean;
  readonly enum?: readonly Json[];
  readonly default?: Json;
  readonly description?: string;
  /** Alternatives, if several kinds of values are valid: one of these must fit. */
  readonly anyOf?: readonly ModelInputProperty[];
}

/** Limits of a number. */
export interface NumberLimits {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
}

/** Limits of a text. */
export interface TextLimits {
  /** In characters. */
  readonly minLength?: number;
  readonly maxLength?: number;
  /** A regular expression that the text must match somewhere. */
  readonly pattern?: string;
  /** `uri` marks a file. */
  readonly format?: string;
}

/** Limits of an array. */
export interface ListLimits {
  readonly minItems?: number;
  readonly maxItems?: number;
  /** The type of its items. */
  readonly items?: ModelInputProperty;
}

/** A model's published inputs, and the part of its outputs that counts. */
export interface ModelSchema {
  readonly properties: Readonly<Record<string, ModelInputProperty>>;
  readonly required: readonly string[];
  /** True if its outputs may be texts, JSON included, and not only images. Default false. */
  readonly outputsText?: boolean;
}

export interface Model {
  /** `owner/name`. */
  readonly name: string;
  readonly latestVersion: string | null;
  /** Official models are run by name, others by version; null if unknown. */
  readonly isOfficial: boolean | null;
  /** Null if the model publishes no schema. */
  readonly schema: ModelSchema | null;
}

/** A complete, verified file on disk. */
export interface ImageFile {
  /** Absolute path. */
  readonly path: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** Format by content: `png`, `jpeg`, `webp`, `avif`, `gif`, `svg`, `mp4`, … */
  readonly format: string;
  /** Null for files that are not images. */
  readonly widthPx: number | null;
  readonly heightPx: number | null;
  /** The file as the model made it, if it is stored too. */
  readonly untouched?: Pick<ImageFile, 'path' | 'bytes' | 'sha256'>;
  /** 0-based position in the output, if other files of it are missing. Absent: as in the list. */
  readonly output?: number;
  /** The reason why the file is kept, but not used. Absent: it is used. */
  readonly refused?: OutcomeError;
}

/** An output of a prediction that is not among the files of its job. */
export interface MissingOutput {
  /** 0-based position in the output. */
  readonly output: number;
  readonly error: OutcomeError;
  /** The file that came instead, and is kept. Absent: none is. */
  readonly kept?: ImageFile;
}

/**
 * The result of a change to a file: the bytes to store instead, or another file of this machine,
 * which is copied; nothing: the file stays as it is.
 */
export type Transformed = Uint8Array | { readonly path: string } | null | undefined;

/**
 * Changes an original before it is saved. `file` is whole and checked, under a temporary name.
 * Returns the bytes to store instead, or another file of this machine, which is copied; nothing to
 * leave it as it is. A promise or an Observable of that will do. It runs again if a killed run is
 * resumed, always on the file that the model made.
 */
export type Transform = (file: ImageFile, plan: Plan) => Transformed | ObservableInput<Transformed>;

/** Destination of a downloaded file. */
export interface DownloadTarget {
  /** Absolute path without extension; the extension is chosen by content. */
  readonly stem: string;
  /**
   * Changes a file that is whole and checked, under a temporary name, before it gets its own.
   * Absent: it stays as it is.
   */
  readonly transform?: (file: ImageFile) => Transformed | ObservableInput<Transformed>;
  /** Embeds provenance in an image. Absent: images stay as they are. */
  readonly embedProvenance?: ProvenanceWriter;
  /** Like `stem`, for the image before provenance was embedded. Absent: it is not stored. */
  readonly untouchedStem?: string;
  /** Returns true for files to replace; others keep their names. Absent: any file is replaced. */
  readonly mayReplace?: (path: string) => boolean | Promise<boolean>;
  /**
   * Returns true if the output may be a text, JSON included. Called once the file turns out to be
   * one. Absent: it may not.
   */
  readonly mayBeText?: () => Promise<boolean>;
}

/**
 * Embeds provenance in an image: takes the bytes of a file and its format (as in `ImageFile`) and
 * returns the bytes to store, or the same if it leaves them unchanged. Running it again does no
 * harm.
 */
export type ProvenanceWriter = (bytes: Buffer, format: string) => Promise<Buffer>;

/** A request for the right to make a result that other processes may want, too. */
export interface LeaseRequest {
  /**
   * Do not wait: emit null if another process has the lease. For work that was begun already.
   * Default false.
   */
  readonly isUrgent?: boolean;
  /** Called once with a description of that process, if the wait begins. Default: no-op. */
  readonly onWait?: (holder: string) => void;
}

/** The right of one process to make a result. */
export interface ResultLease {
  /** Ends it, once the result is stored, or is not made. */
  release(): void;
}

/** A finished prediction whose files are on disk. */
export interface FetchedOutput {
  readonly prediction: Prediction;
  /** In the order of the output. */
  readonly files: readonly ImageFile[];
  /** Outputs that could not be downloaded. Absent: none. */
  readonly missing?: readonly MissingOutput[];
  /** Time at which it was stored in a cache, ISO 8601. Absent: it is not from one. */
  readonly cachedAt?: string;
}

/** One file of an outcome, as the manifest records it. */
export interface OutcomeFile {
  /**
   * `untouched`: an original as the model made it, without its provenance. `kept`: an output that
   * cannot be used, and is kept because it was paid for.
   */
  readonly role: 'original' | 'rendition' | 'untouched' | 'kept';
  /**
   * The rendition's name; `unrecognised`, `damaged` or `undecodable` for a kept file; the role of
   * any other file.
   */
  readonly name: string;
  /**
   * 0-based position in the output, of originals and kept files of a job that is incomplete.
   * Absent: originals stand in the order of the output.
   */
  readonly output?: number;
  /** Relative to the run folder, `/` between folders. */
  readonly path: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly format: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Hash of the settings of a rendition, which shows whether a run asks for others. */
  readonly recipe?: string;
}

/** The stages of a job, in their order; a failure names the one that it happened in. */
export const failureStages = ['creation', 'polling', 'download', 'rendering', 'delivery'] as const;
export type FailureStage = (typeof failureStages)[number];

/** An error, as the manifest records it. */
export interface OutcomeError {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  /** True if the same job may succeed when it is run again. */
  readonly recoverable: boolean;
  readonly suggestion: string;
  /** The stage in which the job failed; absent if it was skipped. */
  readonly stage?: FailureStage;
  /** Of a time-out: attempts of the job until then. Absent: the error is another one. */
  readonly attempts?: number;
  /** Of a time-out: time for which the last prediction was waited for. */
  readonly waitedMs?: number;
}

/** The end of one job. Every job of the input has exactly one, even if the run was stopped. */
export interface Outcome {
  readonly index: number;
  readonly key: string;
  readonly status: 'saved' | 'failed' | 'skipped';
  readonly prompt: string;
  readonly model: string;
  readonly version: string | null;
  readonly input: ModelInput;
  readonly tags: Tags;
  readonly predictionId: string | null;
  /** Attempts of this job; 0 if none was begun. */
  readonly attempts: number;
  readonly files: readonly OutcomeFile[];
  /**
   * As the service reports them, in seconds: `predict_time`, `total_time`, … Beside them
   * `own_wall_time`, if the service has reported no `predict_time`: from the create request to its
   * response, by the clock of this machine.
   */
  readonly metrics: Readonly<Record<string, Json>>;
  /** Null if no price is known. */
  readonly costUsd: number | null;
  /**
   * Part of `costUsd` that is an estimate, because the service has not reported a value that the
   * price depends on: the run time, for example. Absent: none.
   */
  readonly estimatedUsd?: number;
  /**
   * True if the result of an identical request was used, from a cache or from this run: nothing was
   * made for this job.
   */
  readonly cached: boolean;
  readonly createdAt: string | null;
  readonly completedAt: string | null;
  /** Amount of provenance in its images. Absent: `full`. */
  readonly provenance?: ProvenanceLevel;
  /** True if its images were signed. Absent: they were not. */
  readonly isSigned?: boolean;
  /** Number of the fallback that made it, 1 for the first; absent if the job's own request did. */
  readonly fallbackLevel?: number;
  /**
   * Models that were tried, in their order; the last one is `model`. Absent: no other one was.
   */
  readonly modelsTried?: readonly string[];
  /**
   * Time at which its result was stored in the cache, ISO 8601. Absent: it is not from a cache.
   */
  readonly cachedAt?: string;
  /**
   * Name of the service: `replicate`, `simulator`, …; absent if it has none, or an older version
   * made the outcome.
   */
  readonly service?: string;
  /**
   * Addresses of the files at each further destination, by its name; in the order of `files`.
   * Absent: there are no further destinations.
   */
  readonly deliveredTo?: Readonly<Record<string, readonly string[]>>;
  /** Reason of the failure or the skip. */
  readonly error?: OutcomeError;
}

/** Amount of provenance in images; `minimal` leaves out the prompt. */
export type ProvenanceLevel = 'full' | 'minimal' | 'none';

/** The way in which a run feeds its jobs: docs/strategies.md compares them. */
export type Strategy = 'sequential' | 'parallel' | 'waves' | 'queue' | 'stream';

/** The choices for each field of a rendition; most are sharp's. */
export const renditionChoices = {
  fit: ['cover', 'contain', 'inside'],
  format: ['jpeg', 'webp', 'avif', 'png'],
  /** Gravities in a frame. */
  place: ['centre', 'north', 'northeast', 'east', 'southeast', 'south', 'southwest', 'west', 'northwest'],
  /** Gravities that follow the content of the image: skin and bright colours, or detail. */
  focus: ['attention', 'entropy'],
  captionPlace: ['south', 'north'],
  chromaSubsampling: ['4:2:0', '4:4:4'],
} as const;

/** Quality levels, the lowest first. An order and no measure: `high` is not twice `standard`. */
export const qualityLevels = ['draft', 'standard', 'high'] as const;
export type Quality = (typeof qualityLevels)[number];

/** Uses that a model can be chosen for; `general`: any kind of image, from words. */
export const useCases = [
  'general',
  'draft',
  'photo',
  'illustration',
  'text-in-image',
  'editing',
  'multi-image',
] as const;
export type UseCase = (typeof useCases)[number];

/** Options of a create request. */
export interface CreateOptions {
  /**
   * Time for which the service may hold the response back to wait for the result. 0 responds at
   * once; at most 60,000.
   */
  readonly waitMs: number;
  /** Time after which the service ends the prediction by itself (at least 5,000). */
  readonly cancelAfterMs?: number;
  /**
   * Time after which the caller no longer wants the result. A provider that responds only at the
   * end of a prediction ends it then. Default: `cancelAfterMs`.
   */
  readonly timeoutMs?: number;
  /**
   * URL to which the service reports the end: `PredictionEvents.url`, with a query of your own.
   * Default: none.
   */
  readonly webhookUrl?: string;
  /**
   * Called with the limits that a response names, before the response is emitted. Never called if
   * it names none.
   */
  readonly onLimits?: (limits: CreateLimits) => void;
  /**
   * Asked at the moment at which the request is written to its connection, which may have taken its
   * time; false: nothing is sent, and a `ProviderError` is emitted (`ERR_NOT_SENT`, nothing made).
   * A create request that is unsubscribed then closes its connection with a reset. A provider that
   * does not know that moment ignores it. Default: always true.
   */
  readonly mayStillSend?: () => boolean;
}

/** The attempt of a job that a prediction is claimed for. */
export interface ClaimOwner {
  /** Position of the job in the input, from 0. */
  readonly index: number;
  /** From 1. */
  readonly attempt: number;
}

/** Room for create requests, as the service names it in a response. */
export interface CreateLimits {
  /** Create requests that it would have taken at once after this one. */
  readonly remaining: number;
  /** Time until it would have taken as many at once as it ever does; null if unknown. */
  readonly fullInMs: number | null;
}

export interface KeptModel {
  /** The response as the service sent it. */
  readonly answer: unknown;
  /** ms since 1970. */
  readonly savedAtMs: number;
}

export interface RenderedFile extends ImageFile {
  readonly spec: RenditionSpec;
}

/** An image to rate. */
export interface ImageToScore {
  /** Absolute path of an original. */
  readonly path: string;
  readonly prompt: string;
  /** Index of its job. */
  readonly index: number;
  /** The run folder that it belongs to, for notes about images that are hard to decode. */
  readonly folder?: string;
}

/** A model of the service that rates images, and its input. */
export interface ScoringModel {
  /** `owner/name`. */
  readonly model: string;
  /** The pinned version (64 hex digits). Absent or null: the model's newest. */
  readonly version?: string | null;
  /** The input field that takes the image, and the form of its value: `pictureInput(schema, 1)`. */
  readonly picture: { readonly name: string; readonly valueOf: (picture: string) => Json };
  /** All other inputs; `{prompt}` in their texts stands for the image's prompt. */
  readonly input: ModelInput;
  /** The values of inputs that are `[secret]` in `input`. Default: none. */
  readonly secrets?: SecretInputs;
  /** The files that some texts of the input stand for, by path. Default: none. */
  readonly files?: InputFiles;
  /**
   * The price of one rating, in millionths of a US dollar. Absent or null: that of the price table,
   * if it has one.
   */
  readonly priceMicroUsd?: number | null;
  /** Reads the score from an output. Default: `firstNumber`. */
  readonly parse?: (output: Json) => number | null;
}

/** An entry about a job; the types stand in the order in which they happen. */
export type JournalEntry =
  /** Written and flushed before the POST: from here on a prediction may exist. */
  | {
      readonly type: 'intended';
      readonly attempt: number;
      readonly atMs: number;
      /** The request sent; long data cut to its hash. */
      readonly request?: PredictionRequest;
      /** Time limit that the request named to the service; absent or null: none. */
      readonly cancelAfterMs?: number | null;
      /** Money reserved for it; null: no price is known. Absent: the plan's price. */
      readonly reservedMicroUsd?: number | null;
    }
  | { readonly type: 'created'; readonly attempt: number; readonly predictionId: string }
  /** The attempt ended without a usable output, so the next one may begin. */
  | { readonly type: 'ended'; readonly attempt: number; readonly costMicroUsd: number }
  /** The originals are complete on disk. */
  | { readonly type: 'downloaded'; readonly prediction: Prediction; readonly files: readonly ImageFile[] }
  | { readonly type: 'outcome'; readonly outcome: Outcome };

/** The entries of earlier runs about a job, summed up. */
export interface JobRecord {
  readonly index: number;
  readonly key: string;
  readonly state: 'intended' | 'created' | 'ended' | 'downloaded' | 'saved' | 'failed' | 'skipped';
  /** Predictions made so far, the open one included. */
  readonly attempts: number;
  /** Time just before the open attempt's POST was sent, ms since 1970. */
  readonly intendedAtMs: number | null;
  readonly predictionId: string | null;
  /**
   * The request of the latest attempt; long data cut to its hash. Null if there was none, or it was
   * the plan's own and an earlier version wrote the journal.
   */
  readonly request: PredictionRequest | null;
  /** Time limit that the latest request named to the service; absent or null: none is known. */
  readonly cancelAfterMs?: number | null;
  /** The finished prediction, once downloaded. */
  readonly prediction: Prediction | null;
  readonly files: readonly ImageFile[];
  /** Money paid for ended attempts. */
  readonly costMicroUsd: number;
  /** Money reserved for the open attempt. Absent: not known. */
  readonly openMicroUsd?: number;
}

/** A time that has a limit of its own for everything that this machine spends. */
export type SpendingPeriod = 'day' | 'month';
