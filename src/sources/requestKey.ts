import { hash } from 'node:crypto';
import { mapTexts } from '../mapTexts.ts';
import type { InputFiles, PredictionRequest } from '../types.ts';
import { canonicalJson } from './canonicalJson.ts';

/**
 * The identity of a request: sha256 (64 hex digits) of its canonical JSON. Equal requests have equal keys. A file counts by
 * its content, whatever its name and wherever it is uploaded.
 */
export function requestKey(request: PredictionRequest & { readonly files?: InputFiles }): string {
  const { model, version, files } = request;
  const input = files === undefined ? request.input : byContent(request.input, files);
  return hash('sha256', canonicalJson({ model, version, input }), 'hex');
}

function byContent(input: PredictionRequest['input'], files: InputFiles): PredictionRequest['input'] {
  return mapTexts(input, (place, text) => {
    const file = files[place];
    return file === undefined ? text : `sha256:${file.identity ?? file.sha256}`;
  });
}
