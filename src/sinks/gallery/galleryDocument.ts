import { galleryScript, galleryStyle } from './galleryAssets.ts';
import { type PageDocument, pageDocument } from './pageDocument.ts';

/** The gallery's page, before and after its data. */
export function galleryDocument(name: string, { isLive = false } = {}): PageDocument {
  return pageDocument(name, { script: galleryScript, style: galleryStyle, isLive });
}
