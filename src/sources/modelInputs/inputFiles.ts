import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../errors.ts';
import type {
  InputFile,
  InputFiles,
  Json,
  ModelInput,
  ModelInputProperty,
  ModelSchema,
} from '../../types.ts';
import { inputValidator } from './checkInput.ts';
import { inputFile } from './inputFile.ts';
import { takesFile } from './pictureInput.ts';

export interface InputFilesConfig {
  /** Tells which inputs are files; null where the model publishes none: then none is. */
  schema: ModelSchema | null;
  /** Where relative paths begin. Default: the working directory. */
  folder?: string;
}

interface FileText {
  /** `image`, `image_input[1]`. */
  readonly place: string;
  /** A path or URL. */
  readonly text: string;
  readonly takesPicture: boolean;
}

/**
 * The local files among a model's inputs, by their place: where the schema asks for a URL, all that is none. `file:` URLs are
 * paths too.
 *
 * Rejects with one `UsageError` that names every file which is not there, too large, or no picture where the input takes one.
 */
export async function inputFiles(input: ModelInput, config: InputFilesConfig): Promise<InputFiles> {
  const texts = Object.entries(input).flatMap(([name, value]) => fileTexts(name, value, config.schema));
  if (texts.length === 0) return {};
  const files: [string, InputFile][] = [];
  const faults: string[] = [];
  for (const { place, text, takesPicture } of texts) {
    const file = await read(text, takesPicture, config.folder ?? '.').catch((error: unknown) => {
      if (!(error instanceof UsageError)) throw error;
      faults.push(`\`${place}\`: ${error.message}`);
      return null;
    });
    if (file !== null) files.push([place, file]);
  }
  if (faults.length > 0) {
    throw new UsageError(faults.join('; '), { suggestion: 'Check the path, or give a URL.' });
  }
  return Object.fromEntries(files);
}

/** Null where it is a URL, which the service fetches itself. */
async function read(text: string, takesPicture: boolean, folder: string): Promise<InputFile | null> {
  // A drive letter is no scheme.
  if (/^(?!file:)[a-z][a-z0-9+.-]+:/i.test(text)) return null;
  const path = /^file:/i.test(text) ? pathOf(text) : resolve(folder, text);
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
  // An input may be called `constructor`.
  if (schema === null || !Object.hasOwn(schema.properties, name)) return [];
  const property = schema.properties[name];
  if (property === undefined) return [];
  const takesPicture = isForPictures(name, property);
  const found = (part: Json, place: string, kind: ModelInputProperty): FileText[] => {
    const kinds = kindsOf(kind);
    if (typeof part === 'string') return isFile(part, kinds) ? [{ place, text: part, takesPicture }] : [];
    const items = kinds.find((one) => one.items !== undefined)?.items;
    if (!Array.isArray(part) || items === undefined) return [];
    return part.flatMap((item: Json, index) => found(item, `${place}[${index}]`, items));
  };
  return found(value, name, property);
}

function kindsOf(property: ModelInputProperty): readonly ModelInputProperty[] {
  return property.anyOf?.flatMap(kindsOf) ?? [property];
}

/** A text that another kind takes, one of its choices, say, is that. */
function isFile(text: string, kinds: readonly ModelInputProperty[]): boolean {
  return kinds.some(takesFile) && !kinds.some((kind) => !takesFile(kind) && inputValidator(kind)(text));
}

/** Schemas do not say what is in a file. Names do: an `image` is a picture, unless it is an archive of them, or a film too. */
function isForPictures(name: string, { description = '' }: ModelInputProperty): boolean {
  return (
    /image|img|mask|photo|picture/i.test(name) &&
    !/video|audio|\b(zip|tar|archive|lora)\b/i.test(`${name.replaceAll('_', ' ')} ${description}`)
  );
}
