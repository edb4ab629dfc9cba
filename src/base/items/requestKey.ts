import { hash } from 'node:crypto';
import type { InputFiles, PredictionRequest } from '../../types.ts';
import { canonicalJson, mapInputStrings } from '../modelInput.ts';

/**
 * Returns the identity of a request: the sha256 (64 hex digits) of its canonical JSON. Identical
 * requests have equal keys. A file counts by its content, not by its name or the URL of its upload.
 */
export function requestKey(request: PredictionRequest & { readonly files?: InputFiles }): string {
  const { model, version = null, files } = request;
  const input = files === undefined ? request.input : byContent(request.input, files);
  return hash('sha256', canonicalJson({ model, version, input }), 'hex');
}

function byContent(input: PredictionRequest['input'], files: InputFiles): PredictionRequest['input'] {
  return mapInputStrings(input, (path, text) => {
    const file = files[path];
    return file === undefined ? text : `sha256:${file.identity ?? file.sha256}`;
  });
}
