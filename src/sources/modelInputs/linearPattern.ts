import type { RE2JS } from 're2js';
import { requirePackage } from '../../disk/storageError.ts';

/** A compiled pattern, as ajv uses it. */
interface LinearPattern {
  /**
   * Returns true if the pattern matches somewhere in the text, or if only the service can decide.
   */
  test(text: string): boolean;
  toString(): string;
}

/** Longer patterns are left to the service: compiling one takes time by its length. */
const MOST_CHARS = 250;
/** Steps of a program on a text: a match takes no more, some tenths of a second at most. */
const MOST_STEPS = 1_000_000;

/** Classes of characters that hold more in Python, where patterns come from, than in RE2. */
const CLASSES = /\\[swdb]/i;

/**
 * Compiles a pattern of a model's schema for an engine that takes linear time (RE2): the author of
 * a model may have written one that a backtracking engine never finishes. Patterns that RE2 does
 * not know, that are very long, or that take too many steps on a text, are left to the service, as
 * are classes such as `\w` on texts beyond ASCII. Never throws.
 */
export function linearPattern(pattern: string): LinearPattern {
  const program = pattern.length > MOST_CHARS ? null : compiled(pattern);
  return {
    test(text) {
      if (program === null || program.programSize() * text.length > MOST_STEPS) return true;
      return (CLASSES.test(pattern) && !isAscii(text)) || program.matcher(text).find();
    },
    // ajv distinguishes patterns by it.
    toString: () => pattern,
  };
}

function compiled(pattern: string): RE2JS | null {
  try {
    return loadRe2().compile(pattern);
  } catch {
    return null;
  }
}

/** Loads the engine only when a schema has a pattern: few do, and scripts start sooner. */
function loadRe2(): typeof RE2JS {
  return requirePackage<typeof import('re2js')>('re2js').RE2JS;
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}
