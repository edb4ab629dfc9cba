import { isFromContainer, isSimulated } from '../base/service.ts';
import { escapeXml } from '../base/text.ts';

/** The origin of an image, as written into its file. */
export interface Provenance {
  /** `owner/name`. */
  readonly model: string;
  /** The version of the model; null if unknown. */
  readonly version: string | null;
  /** Null leaves it out. */
  readonly prompt: string | null;
  readonly predictionId: string;
  /** Name of the service, as `Provider.identify` emits it. Default: an API as Replicate's. */
  readonly service?: string | null;
  /** The end of the prediction, ISO 8601; null if unknown. */
  readonly completedAt: string | null;
}

/**
 * "Digital media created algorithmically using an Artificial Intelligence model trained on captured
 * content."
 */
const MADE_BY_MODEL = 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia';

/** "Digital media created by an algorithm not based on any sampled training data." */
const MADE_BY_ALGORITHM = 'http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia';

/** The maker of simulated images, in XMP and signatures. */
export const simulatorName = 'rxposure simulator';

/** A JPEG segment holds 65,502 bytes of XMP, and a character takes up to six of them. */
const MAX_PROMPT_LENGTH = 10_000;

/**
 * Converts provenance to names and values of properties of the IPTC Photo Metadata Standard 2025.1
 * (https://iptc.org/std/photometadata/specification/IPTC-PhotoMetadata), XMP and Dublin Core. A
 * simulated image names the simulator, and neither model nor version.
 */
export function xmpProperties(provenance: Provenance): ReadonlyMap<string, string> {
  const { model, version, prompt, predictionId, service, completedAt } = provenance;
  const isDrawn = isSimulated(service);
  const isOwn = isDrawn || isFromContainer(service);
  const maker = isOwn ? `${model} in a Cog container` : `${model} on Replicate`;
  const properties: readonly (readonly [string, string | null])[] = [
    ['dc:identifier', `${isOwn ? OWN_IDENTIFIER : PAGE_IDENTIFIER}${predictionId}`],
    ['xmp:CreatorTool', isDrawn ? simulatorName : 'rxposure'],
    ['xmp:CreateDate', completedAt],
    ['Iptc4xmpExt:DigitalSourceType', isDrawn ? MADE_BY_ALGORITHM : MADE_BY_MODEL],
    ['Iptc4xmpExt:AISystemUsed', isDrawn ? simulatorName : maker],
    ['Iptc4xmpExt:AISystemVersionUsed', isDrawn ? null : version],
    ['Iptc4xmpExt:AIPromptInformation', prompt === null ? null : shortened(prompt)],
  ];
  return new Map(properties.flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}

function shortened(prompt: string): string {
  return prompt.length > MAX_PROMPT_LENGTH ? `${prompt.slice(0, MAX_PROMPT_LENGTH - 1)}…` : prompt;
}

const NAMESPACES = [
  'xmlns:dc="http://purl.org/dc/elements/1.1/"',
  'xmlns:xmp="http://ns.adobe.com/xap/1.0/"',
  'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"',
].join(' ');

/** The beginning of the identifier of a prediction that has a page. */
const PAGE_IDENTIFIER = 'https://replicate.com/p/';
/** The beginning of the identifier of a prediction that only its own server knows. */
const OWN_IDENTIFIER = 'urn:rxposure:prediction:';

/** Our statement, known by its first attributes; no value in it has a `<` or `>`. */
const OURS =
  /<rdf:Description rdf:about="[^"<]*" dc:identifier="(?:https:\/\/replicate\.com\/p\/|urn:rxposure:prediction:)[^<>]*\/>/g;

/** Returns true if a file has a statement of ours, which is never compressed. */
export function hasOurStatement(bytes: Buffer): boolean {
  return hasIdentifier(bytes, '');
}

/** Returns true if a file states that this prediction made it. */
export function statesPrediction(bytes: Buffer, predictionId: string): boolean {
  return hasIdentifier(bytes, `${predictionId}"`);
}

/** Returns the prediction that a file states in a statement of ours; null if it has none. */
export function statedPrediction(bytes: Buffer): string | null {
  for (const start of [PAGE_IDENTIFIER, OWN_IDENTIFIER]) {
    const before = `dc:identifier="${start}`;
    const at = bytes.indexOf(before);
    if (at < 0) continue;
    const text = bytes.toString('latin1', at + before.length, at + before.length + MOST_ID_CHARS);
    return /^[\w-]+(?=")/.exec(text)?.[0] ?? null;
  }
  return null;
}

/** Longer than any id of a prediction. */
const MOST_ID_CHARS = 200;

function hasIdentifier(bytes: Buffer, end: string): boolean {
  return [PAGE_IDENTIFIER, OWN_IDENTIFIER].some((start) => bytes.includes(`dc:identifier="${start}${end}`));
}

/**
 * Adds properties to an XMP packet, or creates a packet. Properties that the packet has already
 * keep their values; an earlier statement of ours is replaced.
 *
 * Throws `RangeError` if the packet cannot be read as XMP.
 */
export function joinXmp(current: string | null, properties: ReadonlyMap<string, string>): string {
  const foreign = current === null ? '' : current.replaceAll(OURS, '');
  if (!/<rdf:Description/.test(foreign)) return packet(statement('', properties));
  const end = foreign.lastIndexOf('</rdf:RDF>');
  if (end < 0) throw new RangeError('Expected an XMP packet with an rdf:RDF element');
  // All statements of a packet are about the same thing.
  const [, about = ''] = /rdf:about="([^"]*)"/.exec(foreign) ?? [];
  const isPresent = (name: string) => foreign.includes(name.slice(name.indexOf(':')));
  const added = new Map([...properties].filter(([name]) => name === 'dc:identifier' || !isPresent(name)));
  return `${foreign.slice(0, end)}${statement(about, added)}${foreign.slice(end)}`;
}

function statement(about: string, properties: ReadonlyMap<string, string>): string {
  const attributes = [...properties].map(([name, value]) => `${name}="${escapeXml(value)}"`);
  return `<rdf:Description rdf:about="${about}" ${attributes.join(' ')} ${NAMESPACES}/>`;
}

/**
 * Wraps a description in a packet (XMP Specification, part 1, ISO 16684-1, section 7.3), without
 * padding, as packets are always replaced as a whole.
 */
function packet(description: string): string {
  return [
    '<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?>',
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">',
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
    description,
    '</rdf:RDF></x:xmpmeta>',
    '<?xpacket end="w"?>',
  ].join('');
}
