import type { Json } from '../../../types.ts';
import { type Match, worse } from './match.ts';
import { formsOf, isHidden, matchForms } from './matchText.ts';

/** Returns how well a value of an input shows the sent value. */
export function matchValue(sent: Json, shown: Json | undefined): Match {
  if (sent === shown) return 'equal';
  // A journal hides secrets, too. Null stands for the model's default, which the service may show.
  if (sent === null || isHidden(sent) || isHidden(shown)) return 'same';
  if (shown === undefined || shown === null) return 'near';
  if (isList(sent) || isList(shown)) return matchLists(parsed(sent), parsed(shown));
  if (typeof sent === 'object' || typeof shown === 'object') return matchObjects(parsed(sent), parsed(shown));
  return matchScalars(sent, shown);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Returns the list or object that a text is the JSON of; other values unchanged. */
function parsed(value: Json): Json {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}

/** A list may be shown cut, and one with a single item as that item. */
function matchLists(sent: Json, shown: Json): Match {
  if (!isList(sent) || !isList(shown)) {
    if (isList(sent) && sent.length === 1) return worse('near', matchValue(sent[0] ?? null, shown));
    if (isList(shown) && shown.length === 1) return worse('near', matchValue(sent, shown[0]));
    return typeof sent === 'string' || typeof shown === 'string' ? 'faint' : 'other';
  }
  if (shown.length > sent.length) return 'other';
  const whole = sent.length === shown.length ? 'equal' : 'near';
  return shown.map((value, at) => matchValue(sent[at] ?? null, value)).reduce(worse, whole);
}

function matchObjects(sent: Json, shown: Json): Match {
  if (!isObject(sent) || !isObject(shown)) {
    return typeof sent === 'string' || typeof shown === 'string' ? 'faint' : 'other';
  }
  const matches = Object.entries(sent).map(([name, value]) => matchValue(value, shown[name]));
  return matches.reduce(worse, isSameSize(sent, shown) ? 'equal' : 'same');
}

function isObject(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !isList(value);
}

export function isSameSize(one: object, other: object): boolean {
  return Object.keys(one).length === Object.keys(other).length;
}

type Scalar = string | number | boolean;

function matchScalars(sent: Scalar, shown: Scalar): Match {
  if (typeof sent === 'string' && typeof shown === 'string') {
    const match = matchForms(formsOf(sent), formsOf(shown));
    // It may be a secret that the service shows in a way of its own.
    return match === 'other' ? 'faint' : match;
  }
  if (typeof sent === 'number' && typeof shown === 'number') return matchNumbers(sent, shown);
  const match = matchWrittenOut(sent, shown);
  return match === 'other' && typeof sent === 'string' && isWord(sent) ? 'faint' : match;
}

/** Compares scalars of two types: a service may write numbers and switches as texts. */
function matchWrittenOut(sent: Scalar, shown: Scalar): Match {
  if (typeof sent === 'boolean' || typeof shown === 'boolean') {
    const truth = truthOf(sent);
    return truth !== null && truth === truthOf(shown) ? 'same' : 'other';
  }
  return worse('same', matchNumbers(numberOf(sent), numberOf(shown)));
}

/** Returns true for a text that is neither a number nor a switch. */
function isWord(text: string): boolean {
  return truthOf(text) === null && Number.isNaN(numberOf(text));
}

function truthOf(value: Scalar): boolean | null {
  const text = String(value).trim().toLowerCase();
  if (text === 'true' || text === '1') return true;
  return text === 'false' || text === '0' ? false : null;
}

function numberOf(value: Scalar): number {
  const text = String(value).trim();
  return text === '' ? Number.NaN : Number(text);
}

/** Relative difference of a number that went through some text. */
const ROUNDING = 1e-6;

function matchNumbers(sent: number, shown: number): Match {
  if (sent === shown) return 'equal';
  if (Number.isNaN(sent) || Number.isNaN(shown)) return 'other';
  // Seeds are whole numbers: a neighbour is another request, so one of 32 bits proves nothing.
  if (Number.isInteger(sent)) return shown === Math.fround(sent) || shown === (sent | 0) ? 'near' : 'other';
  const isRounded = Math.abs(sent - shown) <= ROUNDING * Math.abs(sent);
  if (isRounded || Math.fround(sent) === Math.fround(shown)) return 'same';
  const isShorter = [0, 1, 2, 3, 4].some((decimals) => Number(sent.toFixed(decimals)) === shown);
  return isShorter || Math.trunc(sent) === shown ? 'near' : 'other';
}
