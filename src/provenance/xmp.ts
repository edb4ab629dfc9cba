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
  /** The end of the prediction, ISO 8601; null if unknown. */
  readonly completedAt: string | null;
}

/**
 * "Digital media created algorithmically using an Artificial Intelligence model trained on captured
 * content."
 */
const MADE_BY_MODEL = 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia';

/** A JPEG segment holds 65,502 bytes of XMP, and a character takes up to six of them. */
const MAX_PROMPT_LENGTH = 10_000;

/**
 * Converts provenance to names and values of properties of the IPTC Photo Metadata Standard 2025.1
 * (https://iptc.org/std/photometadata/specification/IPTC-PhotoMetadata), XMP and Dublin Core.
 */
export function xmpProperties(provenance: Provenance): ReadonlyMap<string, string> {
  const { model, version, prompt, predictionId, completedAt } = provenance;
  const properties: readonly (readonly [string, string | null])[] = [
    ['dc:identifier', `https://replicate.com/p/${predictionId}`],
    ['xmp:CreatorTool', 'rxposure'],
    ['xmp:CreateDate', completedAt],
    ['Iptc4xmpExt:DigitalSourceType', MADE_BY_MODEL],
    ['Iptc4xmpExt:AISystemUsed', `${model} on Replicate`],
    ['Iptc4xmpExt:AISystemVersionUsed', version],
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

/** Our statement, known by its first attributes; no value in it has a `>`. */
const OURS = /<rdf:Description rdf:about="[^"]*" dc:identifier="https:\/\/replicate\.com\/p\/[^>]*\/>/g;

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
