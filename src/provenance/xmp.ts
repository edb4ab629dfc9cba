import { escapeXml } from '../base/text.ts';

/** Where a picture is from, as it is written into the picture. */
export interface Provenance {
  /** `owner/name`. */
  readonly model: string;
  /** The version that made it, or null where it is not known. */
  readonly version: string | null;
  /** Null where it is to stay out. */
  readonly prompt: string | null;
  readonly predictionId: string;
  /** When the prediction was finished, ISO 8601; null where it is not known. */
  readonly completedAt: string | null;
}

/** "Digital media created algorithmically using an Artificial Intelligence model trained on captured content." */
const MADE_BY_MODEL = 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia';

/** A segment of a JPEG has room for 65,502 bytes of XMP, of which a character takes up to six. */
const MAX_PROMPT_LENGTH = 10_000;

/**
 * What a picture says of its provenance: name and value of each property, in the IPTC Photo Metadata Standard 2025.1
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

/** A statement of ours is known by what it begins with; no value in it has a `>`. */
const OURS = /<rdf:Description rdf:about="[^"]*" dc:identifier="https:\/\/replicate\.com\/p\/[^>]*\/>/g;

/**
 * The XMP packet with these properties, beside what a packet that is there already says; what that says of the same
 * properties stays, and an earlier statement of ours goes.
 *
 * Throws `RangeError` where the packet that is there cannot be read as XMP.
 */
export function joinXmp(there: string | null, properties: ReadonlyMap<string, string>): string {
  const foreign = there === null ? '' : there.replaceAll(OURS, '');
  if (!/<rdf:Description/.test(foreign)) return packet(statement('', properties));
  const end = foreign.lastIndexOf('</rdf:RDF>');
  if (end < 0) throw new RangeError('Expected an XMP packet with an rdf:RDF element');
  // All statements of a packet are about the same thing.
  const [, about = ''] = /rdf:about="([^"]*)"/.exec(foreign) ?? [];
  const isSaid = (name: string) => foreign.includes(name.slice(name.indexOf(':')));
  const news = new Map([...properties].filter(([name]) => name === 'dc:identifier' || !isSaid(name)));
  return `${foreign.slice(0, end)}${statement(about, news)}${foreign.slice(end)}`;
}

function statement(about: string, properties: ReadonlyMap<string, string>): string {
  const attributes = [...properties].map(([name, value]) => `${name}="${escapeXml(value)}"`);
  return `<rdf:Description rdf:about="${about}" ${attributes.join(' ')} ${NAMESPACES}/>`;
}

/** After the XMP Specification, part 1 (ISO 16684-1), section 7.3; without room for growth, as it is replaced as a whole. */
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
