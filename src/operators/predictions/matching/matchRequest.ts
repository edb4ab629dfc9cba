import { canonicalJson, truncateDataUrls } from '../../../base/modelInput.ts';
import { SECRET } from '../../../base/secretInputs.ts';
import type { Json, ModelInput, Prediction, PredictionRequest } from '../../../types.ts';
import { isAtLeast, type Match, worse } from './match.ts';
import { formsOf, isHidden, isShorterText, matchForms, type TextForms } from './matchText.ts';
import { isSameSize, matchValue } from './matchValue.ts';

/** The part of a prediction that shows its request. */
export type ShownRequest = Pick<Prediction, 'model' | 'version' | 'input'>;

/**
 * Creates a function that returns how well a prediction shows the request. Long data may be cut to
 * its hash on either side, as `truncateDataUrls` does. Secrets, which requests have as `[secret]`,
 * are left out.
 *
 *     sent      { prompt: 'a cat ', seed: 7, scale: 3.3, key: '[secret]' }
 *     equal     { prompt: 'a cat ', seed: 7, scale: 3.3, key: '[secret]' }
 *     same      { prompt: 'a cat', seed: '7', scale: 3.2999999, go_fast: true }
 *     near      { prompt: 'a cat', scale: 3.3 }
 *     faint     { prompt: 'a c', seed: 7, scale: 3.3 }
 *     other     { prompt: 'a cat', seed: 8, scale: 3.3 }
 */
export function requestMatcher(request: PredictionRequest): (shown: ShownRequest) => Match {
  const sent = readInput(request.input);
  return (shown) => {
    const named = matchModel(request, shown);
    if (named === 'other') return 'other';
    // The service has deleted it, or never shows it.
    return shown.input === null ? 'faint' : worse(named, matchInput(sent, readInput(shown.input)));
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
 * service hides those of official models, even if one was named. A deployment runs a model of
 * another name.
 */
export function matchModel(
  sent: Omit<PredictionRequest, 'input'>,
  shown: Omit<ShownRequest, 'input'>,
): Match {
  const isPinned = isVersion(sent.version) && isVersion(shown.version);
  if (isPinned && sent.version?.toLowerCase() !== shown.version?.toLowerCase()) return 'other';
  if (shown.model === '') return isPinned ? 'equal' : 'near';
  if (shown.model === sent.model) return 'equal';
  const [wanted, named] = [canonicalModel(sent.model), canonicalModel(shown.model)];
  return wanted === named || wanted.startsWith('deployments/') ? 'same' : 'other';
}

function isVersion(version: string | null = null): boolean {
  return /^[0-9a-f]{64}$/i.test(version ?? '');
}

/** No name of a model, and no address of one, is longer. */
const MOST_MODEL_CHARS = 1_000;

/** Returns `owner/name` in small letters, for a name with a version or the address of a model. */
function canonicalModel(model: string): string {
  const path = model
    .slice(0, MOST_MODEL_CHARS)
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\/[^/]*\//, '');
  return path.replace(/^models\//, '').replace(/[:@].*$|\/+$/g, '');
}

/** Returns how well an input shows the sent input. */
function matchInput({ values: sent, prompt }: ReadInput, shown: ReadInput): Match {
  const prompted = prompt === null ? null : matchPrompt(prompt, shown);
  // Most predictions of a list have another prompt: those are done with here.
  if (prompted === 'other') return 'other';
  const compared = Object.entries(sent).filter(([name, value]) => name === 'prompt' || !isHidden(value));
  const values = compared.map(([name, value]): ShownValue => {
    const shownValue = shown.values[name];
    const match = name === 'prompt' && prompted !== null ? prompted : matchValue(value, shownValue);
    const isVisible = !isHidden(shownValue) && isAtLeast(match, 'near') && shownValue !== undefined;
    return { value, match, isVisible };
  });
  return values
    .map(({ match }) => match)
    .reduce(worse, worse(bestOf(values, prompt !== null), wholeOf(sent, shown)));
}

/** A value that was sent, and how the service shows it. */
interface ShownValue {
  readonly value: Json;
  readonly match: Match;
  /** True if it is shown, and not only its name. */
  readonly isVisible: boolean;
}

/** Defaults that are filled in make a request the same, not equal. */
function wholeOf(sent: ModelInput, shown: ReadInput): Match {
  return isSameSize(sent, shown.values) ? 'equal' : 'same';
}

/**
 * Returns the best match that an input allows if a part of it is hidden: without any part that
 * distinguishes it, it may be that of any request.
 */
function bestOf(values: readonly ShownValue[], hasPrompt: boolean): Match {
  const visible = values.filter(({ isVisible }) => isVisible);
  if (visible.length === 0 && values.length > 0) return 'faint';
  const isTold = hasPrompt || visible.some(({ value }) => isTelling(value));
  return isTold || visible.length === values.length ? 'equal' : 'near';
}

/** Texts as long as this are rarely those of another request. */
const TELLING_CHARS = 20;

function isTelling(value: Json): boolean {
  return JSON.stringify(value).length >= TELLING_CHARS;
}

/** A prompt that is hidden, empty or left out proves nothing. */
function matchPrompt(sent: TextForms, { values, prompt }: ReadInput): Match {
  if (prompt === null) return matchValue(sent.text, values.prompt ?? null);
  if (sent.text === prompt.text) return 'equal';
  return prompt.text === '' || prompt.isHidden || sent.isHidden ? 'near' : matchForms(sent, prompt);
}

/**
 * Returns the part of a response that contradicts the request it should answer; null if none does.
 * A proxy may have mixed up two responses.
 */
export function contradiction(
  request: PredictionRequest,
  shown: ShownRequest,
): 'model' | 'version' | 'prompt' | null {
  if (shown.model !== '' && matchModel({ ...request, version: null }, shown) === 'other') return 'model';
  if (matchModel(request, shown) === 'other') return 'version';
  const { prompt } = readInput(request.input);
  if (prompt === null || shown.input === null) return null;
  const read = readInput(shown.input);
  const match = matchPrompt(prompt, read);
  // Prompts often begin with each other: `a fox`, `a fox in snow`.
  const isShorter = match === 'faint' && read.prompt !== null && isShorterText(prompt, read.prompt);
  return match === 'other' || isShorter ? 'prompt' : null;
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
  const hidden = Object.entries(values).map(([name, value]) => [name, isHidden(value) ? SECRET : value]);
  const what = prompt === null ? canonicalJson(Object.fromEntries(hidden)) : prompt.plain;
  const seed = withSeed ? String(values.seed ?? '') : '';
  return JSON.stringify([canonicalModel(model), what, prompt === null ? '' : seed]);
}
