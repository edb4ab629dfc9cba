import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mapInputStrings } from '../../base/modelInput.ts';
import { spelledOnDisk } from '../../disk/spelling.ts';
import { UsageError } from '../../errors.ts';
import type {
  InputFile,
  InputFiles,
  Json,
  ModelInput,
  ModelInputProperty,
  ModelSchema,
} from '../../types.ts';
import { type AllowFilesConfig, expectAllowed } from './allowedFiles.ts';
import { inputValidator } from './checkInput.ts';
import { inputFile } from './inputFile.ts';
import { takesFile } from './pictureInput.ts';
import { cellText } from './spreadsheetText.ts';

export interface InputFilesConfig extends AllowFilesConfig {
  /** Declares which inputs are files. Null if the model publishes none: then no input is a file. */
  schema: ModelSchema | null;
}

interface FileText {
  /** The path of the text in the input: `image`, `image_input[1]`. */
  readonly path: string;
  /** A path or URL. */
  readonly text: string;
  readonly takesPicture: boolean;
}

/**
 * Finds the local files among a model's inputs, by their path in the input. Where the schema asks
 * for a URL, every text that is not one is the path of a file; so are `file:` URLs.
 *
 * Rejects with one `UsageError` that lists every file that may not be named, is missing, too large,
 * or not a picture if the input takes one.
 */
export async function inputFiles(input: ModelInput, config: InputFilesConfig): Promise<InputFiles> {
  const texts = Object.entries(input).flatMap(([name, value]) => fileTexts(name, value, config.schema));
  if (texts.length === 0) return {};
  const files: [string, InputFile][] = [];
  const faults: string[] = [];
  for (const { path, text, takesPicture } of texts) {
    const file = await read(text, takesPicture, config).catch((error: unknown) => {
      if (!(error instanceof UsageError)) throw error;
      faults.push(`\`${path}\`: ${error.message}`);
      return null;
    });
    if (file !== null) files.push([path, file]);
  }
  if (faults.length > 0) {
    throw new UsageError(faults.join('; '), { suggestion: 'Check the path, or give a URL.' });
  }
  return Object.fromEntries(files);
}

/**
 * Returns an input without the blanks around its URLs and paths of files, as cells of spreadsheets
 * have them; blanks within a URL are encoded. Other texts stay as they are.
 */
export function tidyFileInputs(input: ModelInput, schema: ModelSchema | null): ModelInput {
  const texts = Object.entries(input).flatMap(([name, value]) => fileTexts(name, value, schema));
  const tidy = new Map(texts.map(({ path, text }) => [path, withoutBlanks(text)] as const));
  return tidy.size === 0 ? input : mapInputStrings(input, (path, text) => tidy.get(path) ?? text);
}

function withoutBlanks(text: string): string {
  return /^https?:/i.test(text) ? text.replace(/\s/g, encodeURIComponent) : text;
}

/** Reads a local file; null for a URL, which the service fetches itself. */
async function read(
  text: string,
  takesPicture: boolean,
  config: AllowFilesConfig,
): Promise<InputFile | null> {
  // A drive letter is not a scheme.
  if (/^(?!file:)[a-z][a-z0-9+.-]+:/i.test(text)) return null;
  const named = /^file:/i.test(text) ? pathOf(text) : resolve(config.folder ?? '.', text);
  const path = spelledOnDisk(named);
  expectAllowed(path, config);
  const file = await inputFile(path);
  if (takesPicture && !file.mediaType.startsWith('image/')) {
    throw new UsageError(`Expected a picture at ${path}, got ${file.mediaType}`);
  }
  return file;
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new UsageError(`Expected a file: URL of this machine, got ${url}`, { cause });
  }
}

function fileTexts(name: string, value: Json, schema: ModelSchema | null): FileText[] {
  // An input may be named `constructor`.
  if (schema === null || !Object.hasOwn(schema.properties, name)) return [];
  const property = schema.properties[name];
  if (property === undefined) return [];
  const takesPicture = isForPictures(name, property);
  const found = (part: Json, path: string, kind: ModelInputProperty): FileText[] => {
    const kinds = kindsOf(kind);
    if (typeof part === 'string')
      return isFile(part, kinds) ? [{ path, text: cellText(part), takesPicture }] : [];
    const items = kinds.find((one) => one.items !== undefined)?.items;
    if (!Array.isArray(part) || items === undefined) return [];
    return part.flatMap((item: Json, index) => found(item, `${path}[${index}]`, items));
  };
  return found(value, name, property);
}

function kindsOf(property: ModelInputProperty): readonly ModelInputProperty[] {
  return property.anyOf?.flatMap(kindsOf) ?? [property];
}

/**
 * Returns true if a text can only be a file: no other type, such as a list of choices, accepts it.
 */
function isFile(text: string, kinds: readonly ModelInputProperty[]): boolean {
  return kinds.some(takesFile) && !kinds.some((kind) => !takesFile(kind) && inputValidator(kind)(text));
}

/**
 * Guesses from the name whether an input takes pictures only, as schemas do not state it: `image`
 * does, unless it may be an archive or a video.
 */
function isForPictures(name: string, { description = '' }: ModelInputProperty): boolean {
  return (
    /image|img|mask|photo|picture/i.test(name) &&
    !/video|audio|\b(zip|tar|archive|lora)\b/i.test(`${name.replaceAll('_', ' ')} ${description}`)
  );
}
