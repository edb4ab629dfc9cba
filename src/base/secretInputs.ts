import { option, UsageError } from '../errors.ts';
import type {
  Json,
  ModelInput,
  ModelInputProperty,
  ModelSchema,
  Prediction,
  PredictionRequest,
  SecretInputs,
} from '../types.ts';
import { createRedact, type Redact } from './secrets.ts';

/** The word that stands for the value of a secret input, everywhere but in the request itself. */
export const SECRET = '[secret]';

/** Returns true if the model's author marked an input, or a part of it, as secret. */
export function isSecretInput(property: ModelInputProperty | undefined): boolean {
  if (property === undefined) return false;
  const { isSecret = false, items, anyOf = [] } = property;
  return isSecret || isSecretInput(items) || anyOf.some(isSecretInput);
}

/**
 * Returns an input with `[secret]` in place of the values that a schema marks as secret, and those
 * values for the request. They do not count in keys: requests that differ only in a secret, such as
 * a token that was renewed, are the same. `prompt` is never secret, as it names jobs and files.
 */
export function hideSecrets(
  input: ModelInput,
  schema: ModelSchema | null,
): { readonly input: ModelInput; readonly secrets?: SecretInputs } {
  const properties = schema?.properties ?? {};
  const secret = Object.entries(input).filter(
    ([name, value]) =>
      Object.hasOwn(properties, name) && isSecretInput(properties[name]) && isWorthHiding(name, value),
  );
  if (secret.length === 0) return { input };
  const masks = secret.map(([name]) => [name, SECRET] as const);
  const values: ModelInput = Object.fromEntries(secret.filter(([, value]) => value !== SECRET));
  return { input: { ...input, ...Object.fromEntries(masks) }, secrets: () => values };
}

function isWorthHiding(name: string, value: Json): boolean {
  return name !== 'prompt' && value !== null && value !== '';
}

/** Returns the names of the inputs whose secret values are hidden, and not among `secrets`. */
function missingSecrets(input: ModelInput, secrets?: SecretInputs): string[] {
  const known = secrets?.() ?? {};
  return Object.keys(input).filter((name) => input[name] === SECRET && !Object.hasOwn(known, name));
}

/**
 * Throws `UsageError` if a request needs a secret that is not known, as that of a plan which was
 * stored: the word that stands for it must not be sent.
 */
export function expectSecrets(input: ModelInput, secrets?: SecretInputs): void {
  const missing = missingSecrets(input, secrets);
  if (missing.length === 0) return;
  const names = missing.map((name) => `\`${name}\``).join(', ');
  const values = missing.map((name) => `${name}=VALUE`).join(' --input ');
  throw new UsageError(`The value of ${names} is secret, so no run stores it, and it must be given again.`, {
    suggestion: `Give it with ${option('--input', values)}, or run the command that began the folder, with its prompt file.`,
  });
}

/** Returns a request as it is sent: with the values of its secret inputs. */
export function revealSecrets(request: PredictionRequest, secrets?: SecretInputs): PredictionRequest {
  expectSecrets(request.input, secrets);
  const known = secrets?.() ?? {};
  const hidden = Object.keys(request.input).filter((name) => request.input[name] === SECRET);
  if (hidden.length === 0) return request;
  const values = hidden.map((name) => [name, known[name] ?? null] as const);
  return { ...request, input: { ...request.input, ...Object.fromEntries(values) } };
}

/** Returns an input as a service shows it, with the values hidden that are hidden in `request`. */
function hideAs<T extends ModelInput | null>(shown: T, request: ModelInput): T;
function hideAs(shown: ModelInput | null, request: ModelInput): ModelInput | null {
  if (shown === null) return null;
  const names = Object.keys(shown).filter((name) => request[name] === SECRET);
  if (names.length === 0) return shown;
  return { ...shown, ...Object.fromEntries(names.map((name) => [name, SECRET] as const)) };
}

/**
 * Hides the secrets of a request in its prediction: in the input, and in an error that quotes them.
 */
export function hideInPrediction(
  prediction: Prediction,
  request: ModelInput,
  secrets?: SecretInputs,
): Prediction {
  const { input, error } = prediction;
  const isHiding = secrets !== undefined || Object.values(request).includes(SECRET);
  if (!isHiding) return prediction;
  const shown = Object.entries(input ?? {}).filter(([name]) => request[name] === SECRET);
  const redact = redactValues([...Object.values(secrets?.() ?? {}), ...shown.map(([, value]) => value)]);
  return {
    ...prediction,
    input: hideAs(input, request),
    error: error === null ? null : redact(error),
  };
}

/** Hides secrets in the message of an error, which it changes in place, and in its suggestion. */
export function hideInError<T>(error: T, secrets?: SecretInputs): T {
  if (secrets === undefined || !(error instanceof Error)) return error;
  const redact = redactValues(Object.values(secrets()));
  error.message = redact(error.message);
  for (const name of ['suggestion', 'reason']) {
    const text = Reflect.get(error, name);
    if (typeof text === 'string') Object.assign(error, { [name]: redact(text) });
  }
  return error;
}

/** Shorter secrets, in characters, are parts of ordinary words. */
const SHORTEST_CHARS = 4;

function redactValues(values: readonly Json[]): Redact {
  const texts = values.flatMap(textsIn).filter((text) => text !== SECRET && text.length >= SHORTEST_CHARS);
  return createRedact(texts, { mark: SECRET, shortestChars: SHORTEST_CHARS });
}

function textsIn(value: Json): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
