import type { Job, RenditionSpec } from '../types.ts';
import { type JobTemplateConfig, jobTemplate } from './jobTemplate.ts';

/** The renditions of a job with its own words in their captions. */
export type Captions = (job: Job) => readonly RenditionSpec[];

/**
 * Makes a function that fills the placeholders of captions: those of paths, a value that is missing leaves nothing. It throws
 * `UsageError` where a caption names something no job has. Jobs without captions keep the list they have.
 */
export function createCaptions(config: Pick<JobTemplateConfig, 'date' | 'knownNames'>): Captions {
  const templates = new Map<string, (job: Job) => string>();
  const templateOf = (text: string) => {
    const found = templates.get(text) ?? jobTemplate(text, config);
    templates.set(text, found);
    return found;
  };
  return (job) => {
    if (job.renditions.every(({ caption }) => caption === undefined)) return job.renditions;
    return job.renditions.map((spec) => {
      if (spec.caption === undefined) return spec;
      return { ...spec, caption: { ...spec.caption, text: templateOf(spec.caption.text)(job) } };
    });
  };
}
