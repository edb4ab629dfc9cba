import {
  type Document,
  isAlias,
  isScalar,
  LineCounter,
  parseDocument,
  type ScalarTag,
  type Tags,
  visit,
  type YAMLError,
} from 'yaml';
import { tooDeep } from '../../../base/nesting.ts';
import { messageOf } from '../../../base/text.ts';

/** A mistake in a YAML text. */
interface YamlFault {
  /** 1-based. */
  readonly line: number;
  readonly message: string;
}

/** A YAML text that was parsed. */
export interface ParsedYaml {
  readonly document: Document.Parsed;
  /** Returns the 1-based line of an offset in the text. */
  readonly lineAt: (offset: number) => number;
  /** Empty if the text is YAML. */
  readonly faults: readonly YamlFault[];
}

/**
 * Parses YAML, or JSON, which is YAML. Merge keys (`<<: *base`) merge. A whole number that
 * JavaScript cannot hold exactly becomes the text of its digits.
 */
export function parseYaml(text: string): ParsedYaml {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    merge: true,
    customTags: exactTags,
    // Dates, sets and bytes are no JSON: they stay as they are written.
    resolveKnownTags: false,
    logLevel: 'error',
  });
  const lineAt = (offset: number) => lineCounter.linePos(offset).line;
  return { document, lineAt, faults: faultsOf(document.errors, text, lineAt) };
}

function exactTags(tags: Tags): Tags {
  return tags.map((tag) => {
    if (typeof tag === 'string' || tag.tag !== 'tag:yaml.org,2002:int' || tag.collection !== undefined)
      return tag;
    const { resolve } = tag;
    const exact: ScalarTag = {
      ...tag,
      resolve: (source, onError, options) => {
        const value = resolve(source, onError, options);
        return typeof value === 'number' && !Number.isSafeInteger(value) ? source : value;
      },
    };
    return exact;
  });
}

/** Longer lines are not looked at further. */
const MOST_LINE_CHARS = 500;

/**
 * Describes the errors of the parser. Of a stack overflow, which breeds others, the first is
 * enough.
 */
function faultsOf(
  errors: readonly YAMLError[],
  text: string,
  lineAt: (offset: number) => number,
): YamlFault[] {
  const overflow = errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION');
  if (overflow !== undefined) return [{ line: lineAt(overflow.pos[0]), message: `Expected ${tooDeep}` }];
  return errors.map(({ code, pos: [offset], message }) => {
    const begin = text.lastIndexOf('\n', offset - 1) + 1;
    const [line = ''] = text.slice(begin, begin + MOST_LINE_CHARS).split('\n', 1);
    return { line: lineAt(offset), message: yamlFault(code, message, line) };
  });
}

/** A value of YAML, or the reason why it has none that can be used. */
type YamlValue = { readonly value: unknown } | { readonly fault: YamlFault };

/**
 * Returns the value of a text without faults, for any expansion of its aliases: each is the same
 * object. It has none if an alias is unresolved, or a merge key has nothing to merge.
 */
export function readYaml({ document, lineAt }: ParsedYaml): YamlValue {
  try {
    return { value: document.toJS({ maxAliasCount: -1 }) };
  } catch (error) {
    const message = error instanceof RangeError ? `Expected ${tooDeep}` : `Invalid YAML: ${messageOf(error)}`;
    return { fault: { line: lineAt(faultyOffset(document)), message } };
  }
}

/** Returns the offset of the first unresolved alias, else that of the first merge key. */
function faultyOffset(document: Document.Parsed): number {
  const anchors = new Set<string>();
  let merge = 0;
  let alias: number | null = null;
  visit(document, {
    Node: (_key, node) => {
      if (isAlias(node) && !anchors.has(node.source)) alias ??= node.range?.[0] ?? null;
      if (!isAlias(node) && node.anchor !== undefined) anchors.add(node.anchor);
      if (isScalar(node) && node.source === '<<' && merge === 0) merge = node.range?.[0] ?? 0;
    },
  });
  return alias ?? merge;
}

/** The meaning of the parser's codes for people who write prompts. */
const hints: ReadonlyMap<string, string> = new Map([
  ['DUPLICATE_KEY', 'a key stands there twice'],
  ['BAD_ALIAS', 'a text that begins with * or & stands in quotes'],
  ['BLOCK_AS_IMPLICIT_KEY', 'a text that has a colon and a space stands in quotes'],
]);

/**
 * Returns the parser's message about a mistake in a line, with the remedy if the reason is usual.
 */
function yamlFault(code: string, message: string, line: string): string {
  if (code === 'MULTIPLE_DOCS') return 'there are several documents; remove the lines with ---';
  const hint = hintFor(code, message, line);
  return hint === '' ? message : `${message}: ${hint}`;
}

function hintFor(code: string, message: string, line: string): string {
  if (/^ *\t/.test(line)) return 'the line begins with a tab; indent it with spaces';
  if (/^ *[\u00A0\u2000-\u200B\u202F\u3000]/.test(line))
    return 'the line begins with other spaces than those of the keyboard';
  const [, before, braces] = /^(.*?(?::|-) +)(\{[^{}]*\}.*)$/.exec(line) ?? [];
  if (message === 'Unexpected scalar at node end' && braces !== undefined)
    return `put a text with braces in quotes: ${before?.trim()} ${JSON.stringify(braces.trim())}`;
  if (message.startsWith('Plain value cannot start with')) return 'put the text in quotes';
  return hints.get(code) ?? '';
}
