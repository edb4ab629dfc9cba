import { escapeXml } from '../escapeXml.ts';

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
