/** Describes a fault that the parser of a `.json` file has found, in words of JSON. */
export function jsonFault(reason: string): string {
  if (/^Unexpected RIGHT_(?:BRACKET|BRACE)\b/.test(reason)) {
    return 'Expected another value after the comma, got the end of the list or object: remove the comma';
  }
  if (/^Unexpected (?:[A-Z_]+) \(/.test(reason)) {
    const [, token = ''] = /\((.*)\) in state/s.exec(reason) ?? [];
    return `Expected a comma or the end of the list or object, got ${token}`;
  }
  const [, found] = /^Unexpected "(.)" at chunk position/s.exec(reason) ?? [];
  if (found === undefined) return reason.replace(/ at chunk position.*| in state .*/s, '');
  if (found === '/') return 'JSON has no comments: remove them';
  if (found === "'" || found > '\u007F') return 'Expected a text in straight double quotes (")';
  return `Expected a text in double quotes, a number, true, false, null, a list or an object, got ${found}`;
}

/** Returns the advice for a line of a `.jsonl` file that is not JSON; empty if there is none. */
export function jsonLineHint(text: string): string {
  const line = text.trim();
  if (line.endsWith(',') && isJson(line.slice(0, -1))) return ': remove the comma at its end';
  if (/^[[\]{}]+,?$/.test(line) || line.startsWith('['))
    return ': if the file is one list of prompts, name it .json';
  return '';
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
