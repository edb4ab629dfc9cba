import { isNode, isScalar, isSeq } from 'yaml';
import { type KnownMeasures, nestingFault } from '../../base/nesting.ts';
import { UsageError } from '../../errors.ts';
import { type RowItem, rowFromValue } from './rows.ts';
import { maxRowChars, readLines, readText, type TextFile } from './text.ts';
import { createYamlAnchors, mostAnchorChars, type YamlAnchors } from './yaml/anchors.ts';
import { type ParsedYaml, parseYaml, readYaml } from './yaml/parseYaml.ts';
import { readUsualItem } from './yaml/yamlItem.ts';

/**
 * Reads the rows of a YAML file: a list of texts or objects. The usual form, `- ` at the start of a
 * line, is streamed.
 */
export async function* yamlRows(file: TextFile): AsyncGenerator<RowItem, void, void> {
  yield* (await isBlockList(file)) ? yamlBlockRows(file) : yamlDocumentRows(file);
}

async function isBlockList(file: TextFile): Promise<boolean> {
  for await (const { lines } of readLines(file)) {
    const first = lines.find((line) => line === null || !/^(\s*(#.*)?|%.*|---\s*(#.*)?)$/.test(line));
    if (first !== undefined) return first !== null && /^-(\s|$)/.test(first);
  }
  return false;
}

/** The lines of one list item. */
interface YamlItem {
  readonly line: number;
  readonly lines: string[];
  chars: number;
}

/**
 * Reads a YAML list whose items begin with `- ` at the start of a line. Everything else in an item
 * is indented, so the file is cut at these lines and each item is parsed alone, or behind the items
 * whose anchors it uses.
 */
async function* yamlBlockRows(file: TextFile): AsyncGenerator<RowItem, void, void> {
  const anchors = createYamlAnchors();
  let item: YamlItem | null = null;
  for await (const { firstLine, lines } of readLines(file)) {
    for (const [index, text] of lines.entries()) {
      if (text !== null && isBetweenItems(text)) continue;
      if (text !== null && item !== null && !/^-(\s|$)/.test(text)) {
        append(item, text);
        continue;
      }
      if (item !== null) yield rowFromItem(item, anchors);
      item = { line: firstLine + index, lines: [], chars: 0 };
      append(item, text);
    }
  }
  if (item !== null) yield rowFromItem(item, anchors);
}

/** Returns true for directives, document markers and comments at the start of a line. */
function isBetweenItems(text: string): boolean {
  return /^(%|#|---\s*$|\.\.\.\s*$)/.test(text);
}

/**
 * Appends a line to an item. An item that is too long is only counted, so that it cannot fill the
 * memory.
 */
function append(item: YamlItem, text: string | null): void {
  item.chars += text === null ? maxRowChars + 1 : text.length + 1;
  if (item.chars > maxRowChars) item.lines.length = 0;
  else item.lines.push(text ?? '');
}

function rowFromItem({ line, lines, chars }: YamlItem, anchors: YamlAnchors): RowItem {
  const problem = (message: string, at = line): RowItem => ({ type: 'problem', line: at, message });
  if (chars > maxRowChars) {
    return problem(`Expected an item of at most ${maxRowChars} characters, got a longer one`);
  }
  const usual = readUsualItem(lines);
  if (usual !== undefined) return rowFromValue(line, usual);
  const before = anchors.usedBy(lines);
  if (before === null) {
    return problem(`Expected the items whose anchors it uses to have at most ${mostAnchorChars} characters`);
  }
  const parsed = parseYaml([...before, ...lines].join('\n'));
  const lineOfFault = (at: number) => line + Math.max(0, at - before.length - 1);
  const [fault] = parsed.faults;
  if (fault !== undefined) return problem(`Invalid YAML: ${fault.message}`, lineOfFault(fault.line));
  const read = readYaml(parsed);
  if ('fault' in read) return problem(read.fault.message, lineOfFault(read.fault.line));
  const { value } = read;
  const nesting = nestingFault(value);
  if (nesting !== null) return problem(`Expected ${nesting}`);
  anchors.add(lines);
  return rowFromValue(line, Array.isArray(value) ? value.at(-1) : value);
}

const maxBytes = 16 * 1024 * 1024;

/**
 * Reads a YAML list of any form (`[a, b]`, indented, with anchors). It is parsed as a whole, up to
 * 16 MB.
 */
async function* yamlDocumentRows(file: TextFile): AsyncGenerator<RowItem, void, void> {
  const { path, bytes } = file;
  if (bytes > maxBytes) {
    throw new UsageError(
      `${path}: Expected at most 16 MB of YAML in this form, got ${Math.ceil(bytes / 2 ** 20)} MB`,
      {
        suggestion:
          'Begin each item with "- " at the start of a line, or use JSONL: one JSON value per line.',
      },
    );
  }
  let text = '';
  for await (const chunk of readText(file)) text += chunk;
  yield* rowsOf(path, text);
}

function* rowsOf(path: string, text: string): Generator<RowItem, void, void> {
  const parsed = parseYaml(text);
  const { document, faults } = parsed;
  for (const { line, message } of faults) {
    yield { type: 'problem', line, message: `Invalid YAML: ${message}` };
  }
  if (faults.length > 0) return;
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) return;
  if (!isSeq(contents)) {
    throw new UsageError(`${path}: Expected a list of prompts, got ${kindOf(contents)}`, {
      suggestion: 'Put each prompt on a line of its own that begins with "- ".',
    });
  }
  yield* rowsOfList(contents.items, parsed);
}

function* rowsOfList(items: readonly unknown[], parsed: ParsedYaml): Generator<RowItem, void, void> {
  const read = readYaml(parsed);
  if ('fault' in read) {
    yield { type: 'problem', ...read.fault };
    return;
  }
  const known: KnownMeasures = new Map();
  if (!Array.isArray(read.value)) return;
  for (const [index, value] of read.value.entries()) {
    const line = lineOf(items[index], parsed);
    const fault = nestingFault(value, known);
    if (fault === null) yield rowFromValue(line, value);
    else yield { type: 'problem', line, message: `Expected ${fault}` };
  }
}

function lineOf(node: unknown, { lineAt }: Pick<ParsedYaml, 'lineAt'>): number {
  const offset = isNode(node) ? node.range?.[0] : undefined;
  return offset === undefined ? 1 : lineAt(offset);
}

function kindOf(contents: object): string {
  return 'items' in contents ? 'keys and values' : 'a single value';
}
