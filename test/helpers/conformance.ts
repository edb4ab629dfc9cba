import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** Replicate's own description of its API. */
const document = JSON.parse(
  readFileSync(new URL('../fixtures/replicate-openapi.json', import.meta.url), 'utf8'),
);

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { schema: object }>> }>
  >;
}

export interface ObservedAnswer {
  readonly method: string;
  /** With or without the query. */
  readonly url: string;
  readonly status: number;
  readonly body: unknown;
}

// Two slips: `hidden` is also any string, so its `oneOf` never takes it; and recorded responses to
// cancels have null for logs.
document.components.schemas.schemas_prediction_response.properties.version = { type: 'string' };
const cancelPath = '/predictions/{prediction_id}/cancel';

// `nullable` is OpenAPI 3.0, though the document is 3.1; Ajv knows it. `strict` would stumble
// over `example`.
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(document, 'api');
/** All operations as `GET /path/{parameter}`. */
export const operations: readonly string[] = Object.entries<Record<string, Operation>>(
  document.paths,
).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));

/**
 * Finds the operation of a call; undefined if the document has none. Paths without parameters come
 * first.
 */
export function operationOf({ method, url }: Pick<ObservedAnswer, 'method' | 'url'>): string | undefined {
  const [path = ''] = url.replace(/^.*?\/v1/, '').split('?');
  return patterns.find(({ pattern }) => pattern.test(`${method} ${path}`))?.operation;
}

const patterns = operations
  .toSorted((one, other) => one.split('{').length - other.split('{').length)
  .map((operation) => ({
    operation,
    pattern: new RegExp(`^${operation.replace(/\{\w+\}/g, '[^/]+')}$`),
  }));

/**
 * Lists the faults of a response by the document; none if it is valid or the document does not
 * describe it.
 */
export function faultsOf(answer: ObservedAnswer): string[] {
  const operation = operationOf(answer);
  if (operation === undefined) return [];
  const validate = validators.get(`${operation} ${answer.status}`);
  if (validate === undefined) return [];
  const isCancel = operation === `POST ${cancelPath}`;
  const body = isCancel ? { ...(answer.body as object), logs: undefined } : answer.body;
  return validate(body)
    ? []
    : (validate.errors ?? []).map(
        ({ instancePath, message }) => `${operation} ${answer.status} ${instancePath} ${message}`,
      );
}

/** Lists the faults of a body that should be a prediction. */
export function predictionFaultsOf(body: unknown): string[] {
  return faultsOf({ method: 'GET', url: '/v1/predictions/x', status: 200, body });
}

/** Compiled before any test begins, because it takes some time and tests look at clocks. */
const validators = new Map<string, ValidateFunction>(operations.flatMap(validatorsOf));

/** One for each JSON response of an operation, by operation and status. */
function validatorsOf(operation: string): [string, ValidateFunction][] {
  const [method = '', path = ''] = operation.split(' ');
  const { responses }: Operation = document.paths[path][method.toLowerCase()];
  return Object.entries(responses).flatMap(([status, { content = {} }]) => {
    const type = Object.keys(content).find((name) => name.endsWith('json'));
    if (type === undefined) return [];
    const pointer = ['paths', path, method.toLowerCase(), 'responses', status, 'content', type, 'schema']
      .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/');
    return [[`${operation} ${status}`, ajv.compile({ $ref: `api#/${pointer}` })]];
  });
}
