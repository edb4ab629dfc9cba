import { canonicalJson, truncateDataUrls } from '../../base/modelInput.ts';
import { SECRET } from '../../base/secretInputs.ts';
import { REDACTED } from '../../base/secrets.ts';
import type { Json, ModelInput, Prediction, PredictionRequest } from '../../types.ts';

/**
 * An answer to the question if a prediction was made by a request.
 *
 * `equal`: it shows the request, value by value. `same`: it shows all that was sent, in the
 * service's own spelling, and perhaps defaults besides. `near`: model and prompt are those of the
 * request, and the rest may be, in a spelling that says less. `other`: it is another request.
 */
export type Match = 'equal' | 'same' | 'near' | 'other';

/** The part of a prediction that shows its request. */
export type ShownRequest = Pick<Prediction, 'model' | 'version' | 'input'>;

/** The matches, the worst first: compare `matchRanks`. */
export const matchRanks = { other: 0, near: 1, same: 2, equal: 3 } as const satisfies Record<Match, number>;

/**
 * Creates a function that returns how well a prediction shows the request. Long data may be cut to
 * its hash on either side, as `truncateDataUrls` does.
 *
 *     sent      { prompt: 'a cat ', seed: 7, guidance: 3.3 }
 *     equal     { prompt: 'a cat ', seed: 7, guidance: 3.3 }
 *     same      { prompt: 'a cat', seed: '7', guidance: 3.299999952316284, go_fast: true }
 *     near      { prompt: 'a cat', guidance: 3.3 }
 *     other     { prompt: 'a cat', seed: 8, guidance: 3.3 }
 */
export function requestMatcher({ model, version, input }: PredictionRequest): (shown: ShownRequest) => Match {
  const sent = readInput(input);
  return (shown) => {
    if (shown.input === null) return 'other';
    const named = matchModel({ model, version }, shown);
    return named === 'other' ? 'other' : worse(named, matchInput(sent, readInput(shown.input)));
  };
}

/** An input, prepared for being compared with many others. */
interface ReadInput {
  readonly values: ModelInput;
  /** Null if it has none. */
  readonly prompt: TextForms | null;
}

const inputsRead = new WeakMap<ModelInput, ReadInput>();

function readInput(input: ModelInput): ReadInput {
  const known = inputsRead.get(input);
  if (known !== undefined) return known;
  const { prompt } = input;
  const read = {
    values: truncateDataUrls(input),
    prompt: typeof prompt === 'string' ? formsOf(prompt) : null,
  };
  inputsRead.set(input, read);
  return read;
}

/**
 * Returns how well a model and version fit those of a request. Only full versions are compared: the
 * service hides those of official models, even if one was named.
 */
function matchModel(sent: Omit<PredictionRequest, 'input'>, shown: ShownRequest): Match {
  const isPinned = isVersion(sent.version) && isVersion(shown.version);
  if (isPinned && sent.version?.toLowerCase() !== shown.version?.toLowerCase()) return 'other';
  if (shown.model === '') return isPinned ? 'equal' : 'near';
  if (shown.model === sent.model) return 'equal';
  return shown.model.toLowerCase() === sent.model.toLowerCase() ? 'same' : 'other';
}

function isVersion(version: string | null): boolean {
  return /^[0-9a-f]{64}$/i.test(version ?? '');
}

/** Returns how well an input shows the one that was sent; without its prompt, it shows another. */
function matchInput(
  { values: sent, prompt }: ReadInput,
  { values: shown, prompt: shownPrompt }: ReadInput,
): Match {
  if (prompt !== null && (shown.prompt ?? null) === null) return 'other';
  // Most predictions of a list have another prompt: those are done with here.
  const isOther = prompt !== null && shownPrompt !== null && matchForms(prompt, shownPrompt) === 'other';
  if (isOther && !isRedacted(shown.prompt)) return 'other';
  const names = Object.keys(sent);
  const matches = names.map((name) => matchValue(sent[name] ?? null, shown[name]));
  const match = matches.reduce(worse, sameSize(sent, shown) ? 'equal' : 'same');
  const isRecognizable = names.length === 0 || matches.some((one) => one === 'equal' || one === 'same');
  return match === 'near' && !isRecognizable ? 'other' : match;
}

function sameSize(one: object, other: object): boolean {
  return Object.keys(one).length === Object.keys(other).length;
}

function matchValue(sent: Json, shown: Json | undefined): Match {
  if (sent === shown) return 'equal';
  if (isRedacted(shown) || sent === SECRET) return 'same';
  if (sent === null) return shown === undefined ? 'same' : 'other';
  if (shown === undefined || shown === null) return 'near';
  if (isList(sent) || isList(shown)) return matchLists(sent, shown);
  if (typeof sent === 'object') return typeof shown === 'object' ? matchObjects(sent, shown) : 'other';
  return typeof shown === 'object' ? 'other' : matchScalars(sent, shown);
}

/** The service hides secret inputs, and so does a provider that finds its token in one. */
function isRedacted(shown: Json | undefined): boolean {
  return (
    typeof shown === 'string' &&
    (shown === REDACTED || shown === SECRET || /^\[?redacted\]?$/i.test(shown.trim()))
  );
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function matchLists(sent: Json, shown: Json): Match {
  if (!isList(sent) || !isList(shown) || sent.length !== shown.length) return 'other';
  return sent.map((value, at) => matchValue(value, shown[at])).reduce(worse, 'equal');
}

function matchObjects(sent: Readonly<Record<string, Json>>, shown: Readonly<Record<string, Json>>): Match {
  const matches = Object.entries(sent).map(([name, value]) => matchValue(value, shown[name]));
  return matches.reduce(worse, sameSize(sent, shown) ? 'equal' : 'same');
}

type Scalar = string | number | boolean;

function matchScalars(sent: Scalar, shown: Scalar): Match {
  if (typeof sent === 'string' && typeof shown === 'string') return matchTexts(sent, shown);
  if (typeof sent === 'boolean' || typeof shown === 'boolean') {
    return String(sent).trim().toLowerCase() === String(shown).trim().toLowerCase() ? 'same' : 'other';
  }
  if (typeof sent === 'number' && typeof shown === 'number') return matchNumbers(sent, shown);
  const [one, other] = [sent, shown].map((value) =>
    String(value).trim() === '' ? Number.NaN : Number(value),
  );
  return worse('same', matchNumbers(one ?? Number.NaN, other ?? Number.NaN));
}

/** Relative difference of a number that went through some text. */
const ROUNDING = 1e-6;

function matchNumbers(sent: number, shown: number): Match {
  if (sent === shown) return 'equal';
  // Seeds are whole numbers: a neighbour is another request.
  if (Number.isInteger(sent) || Number.isNaN(sent) || Number.isNaN(shown)) return 'other';
  const isRounded = Math.abs(sent - shown) <= ROUNDING * Math.abs(sent);
  if (isRounded || Math.fround(sent) === Math.fround(shown)) return 'same';
  return [1, 2, 3, 4].some((decimals) => Number(sent.toFixed(decimals)) === shown) ? 'near' : 'other';
}

/** Returns how well a text shows the one that was sent. */
function matchTexts(sent: string, shown: string): Match {
  return sent === shown ? 'equal' : matchForms(formsOf(sent), formsOf(shown));
}

/** A text, and what is left of it if spelling does not count. */
interface TextForms {
  readonly text: string;
  /** Without blanks at the ends, and with one way to write a letter or the end of a line. */
  readonly plain: string;
  /** Without capitals, and with single blanks. */
  readonly folded: string;
}

function formsOf(text: string): TextForms {
  const plain = text.normalize('NFC').replaceAll('\r\n', '\n').trim();
  return { text, plain, folded: plain.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ') };
}

function matchForms(sent: TextForms, shown: TextForms): Match {
  if (sent.text === shown.text) return 'equal';
  if (sent.plain === shown.plain) return 'same';
  const isRespelled =
    sent.folded === shown.folded || isCut(sent.plain, shown.plain) || isCleaned(sent.plain, shown.plain);
  return isRespelled || (isUrl(sent.plain) && isUrl(shown.plain)) ? 'near' : 'other';
}

/** The service may store a file under another address. */
function isUrl(text: string): boolean {
  return /^(?:https?|data):\S/i.test(text);
}

/** A beginning as short as this without a mark of omission is another text. */
const SHORTEST_CUT = 100;

/** Returns true if a text is the beginning of another: lists may show long texts cut. */
function isCut(whole: string, shown: string): boolean {
  const [, unmarked = ''] = /^(.*)(?:…|\.{3})$/s.exec(shown) ?? [];
  const beginning = unmarked === '' ? shown : unmarked.trimEnd();
  const isMarked = unmarked !== '' && beginning !== '';
  return (isMarked || shown.length >= SHORTEST_CUT) && whole.startsWith(beginning);
}

/** Returns true if a text is another one in which a token was replaced. */
function isCleaned(whole: string, shown: string): boolean {
  const [beginning = '', ...parts] = shown.split(REDACTED);
  const end = parts.pop();
  if (end === undefined || !whole.startsWith(beginning) || !whole.endsWith(end)) return false;
  let at = beginning.length;
  for (const part of parts) {
    const found = whole.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + end.length <= whole.length;
}

function worse(one: Match, other: Match): Match {
  return matchRanks[one] < matchRanks[other] ? one : other;
}

/**
 * Returns the part of a response that contradicts the request it should answer; null if none does.
 * A proxy may have mixed up two responses.
 */
export function contradiction(
  { model, version, input }: PredictionRequest,
  shown: ShownRequest,
): 'model' | 'version' | 'prompt' | null {
  if (shown.model !== '' && shown.model.toLowerCase() !== model.toLowerCase()) return 'model';
  if (matchModel({ model, version }, shown) === 'other') return 'version';
  const prompt = shown.input?.prompt;
  const isOther =
    typeof input.prompt === 'string' &&
    typeof prompt === 'string' &&
    !isRedacted(prompt) &&
    matchTexts(input.prompt, prompt) === 'other';
  return isOther ? 'prompt' : null;
}

/**
 * Returns a short text by which requests and predictions can be compared without their inputs:
 * equal for those with the same model, prompt and seed, however they are spelled. Without a prompt
 * all of the input counts. `withSeed: false` leaves the seed out.
 */
export function requestDigest(
  { model, input }: Pick<ShownRequest, 'model' | 'input'>,
  { withSeed = true }: { withSeed?: boolean } = {},
): string {
  const { prompt, values } = readInput(input ?? {});
  const hidden = Object.entries(values).map(([name, value]) => [name, isRedacted(value) ? SECRET : value]);
  const what = prompt === null ? canonicalJson(Object.fromEntries(hidden)) : prompt.plain;
  const seed = withSeed ? String(values.seed ?? '') : '';
  return JSON.stringify([model.toLowerCase(), what, prompt === null ? '' : seed]);
}
