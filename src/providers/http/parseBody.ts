import { pageMeaning, pageSuggestion, readWebPage } from './webPage.ts';

/** A body that is not JSON. The message completes "Expected a response …, got …". */
export class UnreadableBody extends Error {
  override readonly name = 'UnreadableBody';
  readonly suggestion: string;

  constructor(message: string, suggestion: string) {
    super(message);
    this.suggestion = suggestion;
  }
}

const again = 'Run the same command again; if it ends so again, check the base URL.';

/**
 * Parses the JSON of a body. Throws `UnreadableBody` that names the content instead: a web page, an
 * empty body, JSON that is cut, or something else. The body itself is not quoted, as it may be
 * private.
 */
export function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadable(text, error instanceof Error ? error.message : '');
  }
}

function unreadable(text: string, reason: string): UnreadableBody {
  if (text.trim() === '') return new UnreadableBody('an empty body', again);
  const page = readWebPage(text);
  if (page !== null) return new UnreadableBody(pageMeaning(page), pageSuggestion);
  if (!/^\s*[{["]/.test(text)) return new UnreadableBody('a text that is not JSON', 'Check the base URL.');
  return new UnreadableBody(isCut(text, reason) ? 'JSON that is cut' : 'broken JSON', again);
}

/** Returns true if the parser got no further because there is no more text. */
function isCut(text: string, reason: string): boolean {
  if (/end of JSON input|Unterminated/.test(reason)) return true;
  const [, position = '0'] = /at position (\d+)/.exec(reason) ?? [];
  return Number(position) >= text.length;
}
