/** The words that say how a rendition is made; most are sharp's. */
export const renditionChoices = {
  fit: ['cover', 'contain', 'inside'],
  format: ['jpeg', 'webp', 'avif', 'png'],
  /** Places in a frame. */
  place: ['centre', 'north', 'northeast', 'east', 'southeast', 'south', 'southwest', 'west', 'northwest'],
  /** What the picture itself says about where to cut: skin and bright colours, or detail. */
  focus: ['attention', 'entropy'],
  captionPlace: ['south', 'north'],
  chromaSubsampling: ['4:2:0', '4:4:4'],
} as const;
