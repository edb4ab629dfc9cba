import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinXmp, xmpProperties } from '../../src/provenance/xmp.ts';
import { aProvenance } from '../helpers/aProvenance.ts';

const foreign = (attributes: string, about = '') =>
  `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
  `<rdf:Description rdf:about="${about}" ${attributes}/></rdf:RDF></x:xmpmeta>`;

describe('joinXmp', () => {
  it('makes a packet if there is none', () => {
    const packet = joinXmp(null, xmpProperties(aProvenance()));
    expect(packet).toMatch(/^<\?xpacket begin="\uFEFF".*<\?xpacket end="w"\?>$/s);
    expect(packet).toContain(
      'DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"',
    );
    expect(packet).toContain('AIPromptInformation="A &quot;pear&quot; &lt;on&gt; &amp; off 🍐"');
  });

  it('leaves out a null prompt and everything unknown', () => {
    const packet = joinXmp(
      null,
      xmpProperties(aProvenance({ prompt: null, version: null, completedAt: null })),
    );
    expect(packet).not.toMatch(/AIPromptInformation|AISystemVersionUsed|CreateDate|null/);
  });

  it('replaces our earlier statement, for any prompt', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (prompt) => {
        const before = joinXmp(null, xmpProperties(aProvenance({ prompt })));
        const news = xmpProperties(aProvenance({ prompt: null }));
        expect(joinXmp(before, news)).toBe(joinXmp(null, news));
        const beside = joinXmp(foreign('dc:format="image/png"'), xmpProperties(aProvenance({ prompt })));
        expect(joinXmp(beside, news)).toBe(joinXmp(foreign('dc:format="image/png"'), news));
      }),
    );
  });

  it('keeps the statements of others, and is about the same thing', () => {
    const packet = joinXmp(foreign('dc:format="image/png"', 'uuid:1'), xmpProperties(aProvenance()));
    expect(packet).toContain('<rdf:Description rdf:about="uuid:1" dc:format="image/png"/>');
    expect(packet).toContain('<rdf:Description rdf:about="uuid:1" dc:identifier="https://replicate.com/p/');
    expect(packet.match(/<\/rdf:RDF>/g)).toHaveLength(1);
  });

  it('keeps values that others have given to the same properties', () => {
    const said = 'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/composite"';
    const packet = joinXmp(foreign(said), xmpProperties(aProvenance()));
    expect(packet.match(/DigitalSourceType/g)).toHaveLength(1);
    expect(packet).toContain('digitalsourcetype/composite');
  });

  it('reads a packet of nothing but beginnings of our statement in linear time', () => {
    const beginning = '<rdf:Description rdf:about="" dc:identifier="https://replicate.com/p/';
    const packet = `${beginning.repeat(50_000)}</rdf:RDF>`;
    // With time that grows with the square, this would take minutes.
    expect(joinXmp(packet, xmpProperties(aProvenance())).length).toBeGreaterThan(packet.length);
  });

  it('refuses a packet that it cannot read', () => {
    expect(() => joinXmp('<rdf:Description', xmpProperties(aProvenance()))).toThrow(RangeError);
  });

  it('cuts a prompt that no segment has room for', () => {
    const prompt = '"'.repeat(50_000);
    const packet = joinXmp(null, xmpProperties(aProvenance({ prompt })));
    expect(Buffer.byteLength(packet)).toBeLessThan(65_502);
    expect(packet).toContain('…');
  });
});
