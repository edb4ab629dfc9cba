import type { Redact } from '../../base/secrets.ts';

/**
 * The deepest nesting of JSON that is read as it is. No input or output of a model is nested this
 * deep, and every walk through a deeper one would take too much of the stack.
 */
const MOST_LEVELS = 200;

/**
 * Returns the text of a body of the service as it may be parsed, stored and shown: secrets are
 * replaced, in keys too, and a list or object that is nested too deep becomes the list of its
 * texts, so that a URL in it is not lost. Every body goes through here before it is parsed.
 */
export function cleanBody(text: string, redact: Redact): string {
  if (isPlain(text) && redact(text) === text) return text;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return redact(text);
  }
  const whole = [body];
  return clean(whole, 0, redact) ? text : JSON.stringify(whole[0]);
}

/**
 * Returns true if a body shows all that it says as it is, and cannot be nested too deep: then its
 * text can be looked through as a whole, which takes a tenth of the time.
 */
function isPlain(text: string): boolean {
  if (text.includes('\\')) return false;
  let openings = 0;
  for (const bracket of ['{', '['])
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      openings += 1;
      if (openings > MOST_LEVELS) return false;
    }
  return true;
}

/** A list or object of parsed JSON. */
type Container = unknown[] | Record<string, unknown>;

/** Cleans parsed JSON in place; returns true if nothing was to be changed. */
function clean(container: Container, level: number, redact: Redact): boolean {
  if (Array.isArray(container)) return cleanList(container, level, redact);
  let isAsItWas = true;
  for (const key of Object.keys(container)) {
    const value = container[key];
    const [kept, name] = [cleaned(value, level, redact), redact(key)];
    if (isContainer(kept) && kept === value) isAsItWas = clean(kept, level + 1, redact) && isAsItWas;
    if (kept === value && name === key) continue;
    isAsItWas = false;
    if (name !== key) delete container[key];
    // By definition: an assignment to `__proto__` would not make a member.
    const member = { value: kept, enumerable: true, configurable: true, writable: true };
    Object.defineProperty(container, name, member);
  }
  return isAsItWas;
}

/** By index, as a list may have millions of values. */
function cleanList(list: unknown[], level: number, redact: Redact): boolean {
  let isAsItWas = true;
  for (let index = 0; index < list.length; index += 1) {
    const value = list[index];
    const kept = cleaned(value, level, redact);
    if (isContainer(kept) && kept === value) isAsItWas = clean(kept, level + 1, redact) && isAsItWas;
    if (kept === value) continue;
    isAsItWas = false;
    list[index] = kept;
  }
  return isAsItWas;
}

/** Returns a text without secrets, a container that is nested too deep as a flat one. */
function cleaned(value: unknown, level: number, redact: Redact): unknown {
  if (typeof value === 'string') return redact(value);
  return isContainer(value) && level >= MOST_LEVELS ? textsIn(value, redact) : value;
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

/** Returns the texts in a value, in order, however deep it is nested. */
function textsIn(value: Container, redact: Redact): string[] {
  const texts: string[] = [];
  const open: unknown[] = [value];
  while (open.length > 0) {
    const part = open.pop();
    if (typeof part === 'string') texts.push(redact(part));
    else if (isContainer(part)) for (const inner of Object.values(part).reverse()) open.push(inner);
  }
  return texts;
}
