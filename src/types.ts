/** A value that survives JSON unchanged. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** What is sent to a model, by input name. */
export type ModelInput = Readonly<Record<string, Json>>;

/** Words about a job that are not sent to the model: they organise, search and filter. */
export type Tags = Readonly<Record<string, string>>;

/** How a rendition fills its frame; the names are sharp's. */
type RenditionFit = (typeof renditionChoices.fit)[number];

export type RenditionFormat = (typeof renditionChoices.format)[number];

/** A place in a frame: `centre`, `north`, `southeast`, … */
export type RenditionPlace = (typeof renditionChoices.place)[number];

/** A place, or `attention` and `entropy`: what the picture itself says. */
type RenditionGravity = RenditionPlace | (typeof renditionChoices.focus)[number];

/** A logo or watermark on a rendition. */
export interface RenditionOverlay {
  /** Path of a picture, SVG included. */
  readonly file: string;
  readonly place: RenditionPlace;
  /** Its width as a part of the rendition's, above 0 to 1. It is made smaller where it would be too high. */
  readonly scale: number;
  /** 0…1 */
  readonly opacity: number;
  /** Distance from the edges as a part of the rendition's shorter side, 0 to 0.4. */
  readonly margin: number;
}

/** Words on a rendition, white on a dark band across it. */
interface RenditionCaption {
  /** May have placeholders until the job is planned: `{prompt}`, `{platform}`, `{index}`. */
  readonly text: string;
  readonly place: (typeof renditionChoices.captionPlace)[number];
}

/** One more picture to make of each original: a size, a way to fill it, and a file format. */
export interface RenditionSpec {
  /** Becomes part of the file name: lower-case letters, digits, `_` and `-`. */
  readonly name: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly fit: RenditionFit;
  readonly format: RenditionFormat;
  /** Encoder quality, 1 to 100. PNG ignores it, unless it has a palette. */
  readonly quality: number;
  /** What `cover` keeps, and where `contain` puts the picture. Default: the centre. */
  readonly gravity?: RenditionGravity;
  /** The file is not larger: its quality is lowered, to 30 at the least. Default: as large as it becomes. */
  readonly maxBytes?: number;
  /**
   * What lies behind the picture, `#rrggbb`: seen through its transparent parts and where `contain` leaves room.
   * Default: white in JPEG, nothing elsewhere.
   */
  readonly background?: string;
  /** Default: none. */
  readonly overlay?: RenditionOverlay;
  /** Default: none. */
  readonly caption?: RenditionCaption;
  /** Sigma of the mask that sharpens after resizing, 0.3 to 10. Default: not sharpened. */
  readonly sharpen?: number;
  /** How hard the encoder tries: WebP 0 to 6, AVIF 0 to 9, PNG with a palette 1 to 10. Default 2, PNG 7. */
  readonly effort?: number;
  /** WebP and AVIF. Default false. */
  readonly lossless?: boolean;
  /** JPEG and AVIF. Default: `4:2:0` in JPEG, `4:4:4` in AVIF. */
  readonly chromaSubsampling?: (typeof renditionChoices.chromaSubsampling)[number];
  /** JPEG and PNG. Default: JPEG is, PNG is not. */
  readonly progressive?: boolean;
  /** PNG with at most 256 colours. Default false. */
  readonly palette?: boolean;
}

/** One image (or one set of images) to be made: what a source yields. */
export interface Job {
  /** 0-based place in the input. */
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
  /** The files that some texts of the input stand for: they are sent in place of these. Absent: none. */
  readonly files?: InputFiles;
}

/** A file that a model is to be given, known by its content. */
export interface InputFile {
  /** Absolute path, or the content itself. */
  readonly source: string | Uint8Array;
  /** Under which it is uploaded. */
  readonly name: string;
  readonly bytes: number;
  /** Of its content; hex. */
  readonly sha256: string;
  /**
   * What requests count it by instead: that of the picture, where the file also says which prediction made it. Equal runs make
   * equal pictures, but by other predictions.
   */
  readonly identity?: string;
  /** By content: `image/png`, … */
  readonly mediaType: string;
}

/** Files by their place in an input: `image`, `image_input[1]`. */
export type InputFiles = Readonly<Record<string, InputFile>>;

/** A file as the service has it. */
export interface UploadedFile {
  /** To be given as the input's value. */
  readonly url: string;
  /** How long the service keeps it, from when the upload was begun. */
  readonly lifetimeMs: number;
}

/** A job that is ready to run: validated, with its identity, its price and its place on disk. */
export interface Plan extends Job {
  /** sha256 (hex) of the canonical request: model, version and input, files by content. Equal requests have equal keys. */
  readonly key: string;
  /** Expected price of the whole prediction in millionths of a US dollar; null where no price is known. */
  readonly priceMicroUsd: number | null;
  /** Plans with equal ones have equal results, so one may serve for both. Absent: this job's result is like no other's. */
  readonly resultKey?: string;
  /** Path of the job's files below the run folder, `/` between folders, without extension. Unique in a run. */
  readonly path: string;
}

/** Where a prediction stands. The last four are final. */
export type PredictionStatus = 'starting' | 'processing' | 'succeeded' | 'failed' | 'canceled' | 'aborted';

/** What to send to create a prediction. */
export interface PredictionRequest {
  /** `owner/name`. */
  readonly model: string;
  /** 64 hex digits, or null for the model's newest. */
  readonly version: string | null;
  readonly input: ModelInput;
}

/** A request and what its prediction is expected to cost. */
export interface PricedRequest extends PredictionRequest {
  /** True for the same with another seed: only a refusal is worth that. */
  readonly onlyAfterRefusal?: boolean;
  /** In millionths of a US dollar; null where no price is known. */
  readonly priceMicroUsd: number | null;
}

/** One run of a model, as the service last told it. */
export interface Prediction {
  readonly id: string;
  /** `owner/name`. */
  readonly model: string;
  /** 64 hex digits, or `hidden` for official models; null where the service named none. */
  readonly version: string | null;
  readonly status: PredictionStatus;
  /** Null where the service no longer has it, or did not send it. */
  readonly input: ModelInput | null;
  readonly output: Json;
  /**
   * True once every output is there: the prediction succeeded, or a create that was asked to wait answered with its
   * output while the status still said `processing`. In any other answer an output of a running prediction may be partial.
   */
  readonly outputComplete: boolean;
  readonly error: string | null;
  /** `predict_time` and `total_time` in seconds, `image_count`, … */
  readonly metrics: Readonly<Record<string, Json>>;
  /** True once the service has deleted input and output (about an hour after the end). */
  readonly dataRemoved: boolean;
  /** ISO 8601. */
  readonly createdAt: string | null;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
}

/** What the service told by itself about a prediction. */
export interface PredictionEvent {
  /** As it was when the service sent it. */
  readonly prediction: Prediction;
  /** The query of the address it was sent to: what whoever created the prediction put there. Not covered by a signature. */
  readonly query: Readonly<Record<string, string>>;
}

/** One page of the service's list of predictions, newest first. */
export interface PredictionPage {
  readonly predictions: readonly Prediction[];
  /** Pass it back to read the next page; null on the last one. */
  readonly next: string | null;
}

/** One input of a model, from its published schema; the names are those of JSON Schema. */
export interface ModelInputProperty {
  /** Null where the schema leaves the type open. */
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object' | null;
  /** Whether null may be given; otherwise an input is left out rather than null. */
  readonly nullable?: boolean;
  readonly enum?: readonly Json[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  /** In characters, of a text. */
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  /** A regular expression that a text must match somewhere. */
  readonly pattern?: string;
  readonly default?: Json;
  /** `uri` marks a file. */
  readonly format?: string;
  readonly description?: string;
  /** The type of an array's items. */
  readonly items?: ModelInputProperty;
  /** Where several kinds of values are taken: one of these must fit. */
  readonly anyOf?: readonly ModelInputProperty[];
}

/** A model's published inputs. */
export interface ModelSchema {
  readonly properties: Readonly<Record<string, ModelInputProperty>>;
  readonly required: readonly string[];
}

export interface Model {
  /** `owner/name`. */
  readonly name: string;
  readonly latestVersion: string | null;
  /** Official models are run by name, others by version; null where the service does not say. */
  readonly isOfficial: boolean | null;
  /** Null where the model publishes no schema. */
  readonly schema: ModelSchema | null;
}

/** A whole, verified file on disk. */
export interface ImageFile {
  /** Absolute path. */
  readonly path: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** By content: `png`, `jpeg`, `webp`, `avif`, `gif`, `svg`, `mp4`, … */
  readonly format: string;
  /** Null for files that are not pictures. */
  readonly widthPx: number | null;
  readonly heightPx: number | null;
  /** The file as the model put it out, where that is kept besides. */
  readonly untouched?: Pick<ImageFile, 'path' | 'bytes' | 'sha256'>;
}

/** A finished prediction whose files are on disk. */
export interface FetchedOutput {
  readonly prediction: Prediction;
  /** In the order of the output. */
  readonly files: readonly ImageFile[];
}

/** One file of an outcome, as the manifest has it. */
export interface OutcomeFile {
  /** `untouched`: an original as the model put it out, without its provenance. */
  readonly role: 'original' | 'rendition' | 'untouched';
  /** The rendition's name, else the role. */
  readonly name: string;
  /** Relative to the run folder, `/` between folders. */
  readonly path: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly format: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** An error as the manifest has it. */
export interface OutcomeError {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  /** True where the same job may succeed when it is run again. */
  readonly recoverable: boolean;
  readonly suggestion: string;
}

/** How one job ended. Every job of the input has exactly one, whatever happened. */
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
  /** Runs of this job, the first included; 0 where none was begun. */
  readonly attempts: number;
  readonly files: readonly OutcomeFile[];
  readonly metrics: Readonly<Record<string, Json>>;
  /** Null where no price is known. */
  readonly costUsd: number | null;
  /** True where the result of an equal request served, from a cache or from this run: nothing was made for this job. */
  readonly cached: boolean;
  readonly createdAt: string | null;
  readonly completedAt: string | null;
  /** Which of the fallbacks made it, 1 for the first; absent where the job's own request did. */
  readonly fallbackLevel?: number;
  /** Addresses of the files at each further destination, by its name; in the order of `files`. Absent: none was asked for. */
  readonly deliveredTo?: Readonly<Record<string, readonly string[]>>;
  /** Why it failed or was skipped. */
  readonly error?: OutcomeError;
}

/** How much pictures say of where they are from; `minimal` leaves out the prompt. */
export type ProvenanceLevel = 'full' | 'minimal' | 'none';

/** How a run feeds its jobs: docs/strategies.md compares them. */
export type Strategy = 'sequential' | 'parallel' | 'waves' | 'queue' | 'stream';

/** The words that say how a rendition is made; most are sharp's. */
export const renditionChoices = {
  fit: ['cover', 'contain', 'inside'],
  format: ['jpeg', 'webp', 'avif', 'png'],
  /** Places in a frame. */
  place: ['centre', 'north', 'northeast', 'east', 'southeast', 'south', 'southwest', 'west', 'northwest'],
  /** What the picture itself says about where to cut: skin and bright colours, or detail. */
  focus: ['attention', 'entropy'],
  captionPlace: ['south', 'north'],
  chromaSubsampling: ['4:2:0', '4:4:4'],
} as const;

/** From the lowest up. An order and no measure: `high` is not twice `standard`. */
export const qualityLevels = ['draft', 'standard', 'high'] as const;
export type Quality = (typeof qualityLevels)[number];

/** What a model is chosen for. */
export const useCases = [
  'draft',
  'photo',
  'illustration',
  'text-in-image',
  'editing',
  'multi-image',
] as const;
export type UseCase = (typeof useCases)[number];
