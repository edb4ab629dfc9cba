import { z } from 'zod';

const parts = z.array(z.unknown()).optional().catch(undefined);
const named = z.record(z.string(), z.unknown()).optional().catch(undefined);
const text = z.string().optional().catch(undefined);

/** A part of a model's output as Cog writes it. */
const outputPart = z.looseObject({
  type: text,
  format: text,
  title: text,
  description: text,
  $ref: text,
  allOf: parts,
  anyOf: parts,
  oneOf: parts,
  items: z.unknown().optional(),
  properties: named,
});
type OutputPart = z.infer<typeof outputPart>;

/** The most parts that are read of a document: some refer to themselves. */
const MOST_PARTS = 1_000;

/** Words by which a schema marks a file as a text. */
const TEXT_WORDS =
  /(?:^|[^a-z])(?:text|txt|json|csv|tsv|xml|yaml|html|markdown|md|srt|vtt|captions?|subtitles?|transcripts?|metadata)(?:[^a-z]|$)/i;

/**
 * Returns true if an OpenAPI document that Cog generates says that the model's output may be a
 * text: a text that is no URL, an object of unknown fields, or a file whose name or description in
 * the schema has a word such as `json`. Never throws.
 */
export function outputsText(definitions: Readonly<Record<string, unknown>>): boolean {
  const open: (readonly [name: string, raw: unknown])[] = [['', definitions.Output]];
  for (let read = 0; read < MOST_PARTS; read += 1) {
    const next = open.pop();
    if (next === undefined) return false;
    const [name, raw] = next;
    const part = outputPart.safeParse(raw).data ?? {};
    if (saysText(name, part)) return true;
    open.push(...innerParts(name, part, definitions).slice(0, MOST_PARTS));
  }
  return false;
}

function saysText(name: string, { type, format, properties, title = '', description = '' }: OutputPart) {
  if (type === 'object') return properties === undefined;
  if (type !== 'string') return false;
  return format !== 'uri' || [name, title, description].some((words) => TEXT_WORDS.test(words));
}

function innerParts(
  name: string,
  { $ref: ref, allOf = [], anyOf = [], oneOf = [], items, properties = {} }: OutputPart,
  definitions: Readonly<Record<string, unknown>>,
): (readonly [name: string, raw: unknown])[] {
  const referred = ref === undefined ? [] : [definitions[ref.replace('#/components/schemas/', '')]];
  const unnamed = [...referred, ...allOf, ...anyOf, ...oneOf, ...(items === undefined ? [] : [items])];
  return [...unnamed.map((part) => [name, part] as const), ...Object.entries(properties)];
}
