import type { Provenance } from './Provenance.ts';

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
