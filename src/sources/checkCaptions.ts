import type { RenditionSpec } from '../types.ts';
import { jobTemplate } from './jobTemplate.ts';
import type { PathTemplateConfig } from './pathTemplate.ts';

/** Throws `UsageError` where a caption of the renditions names something no job has. */
export function checkCaptions(specs: readonly RenditionSpec[], config: PathTemplateConfig): void {
  for (const { caption } of specs) {
    if (caption !== undefined) jobTemplate(caption.text, config);
  }
}
