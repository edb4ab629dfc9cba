import { createHash, hash } from 'node:crypto';
import { canonicalJson, mapInputStrings } from '../../base/modelInput.ts';
import { hideSecrets } from '../../base/secretInputs.ts';
import type { InputFiles, PredictionRequest } from '../../types.ts';
import type { JobContext } from './jobContext.ts';

/**
 * Returns the identity of a request: the sha256 (64 hex digits) of its canonical JSON. Identical
 * requests have equal keys. A file counts by its content, not by its name or the URL of its upload.
 */
export function requestKey(request: PredictionRequest & { readonly files?: InputFiles }): string {
  const { model, version, files } = request;
  const input = files === undefined ? request.input : byContent(request.input, files);
  return hash('sha256', canonicalJson({ model, version, input }), 'hex');
}

function byContent(input: PredictionRequest['input'], files: InputFiles): PredictionRequest['input'] {
  return mapInputStrings(input, (path, text) => {
    const file = files[path];
    return file === undefined ? text : `sha256:${file.identity ?? file.sha256}`;
  });
}

/**
 * Returns a fingerprint of an input and of the settings that change its requests. `input`
 * identifies the input: the hash of a file, or a spec. Neither `limit` nor renditions count, so a
 * run can be extended, and get images in other sizes.
 */
export function fingerprintOf(input: unknown, context: JobContext): string {
  const { model, version, count, seed } = context;
  const { input: extraInput } = hideSecrets(context.input, context.schema);
  const settings = JSON.parse(JSON.stringify({ input, model, version, extraInput, count, seed }));
  return createHash('sha256').update(canonicalJson(settings)).digest('hex');
}
