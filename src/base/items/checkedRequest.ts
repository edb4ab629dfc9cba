import { ProviderError } from '../../errors.ts';
import { shown } from '../text.ts';
import { type Failed, failItem, type Item, type ItemRequest, isFailed } from './item.ts';

type Fields = Partial<Record<'model' | 'input', unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns true for a request that can be sent: it names a model, and has an object of inputs. */
export function isRequest(value: unknown): boolean {
  return isObject(value) && typeof value.model === 'string' && value.model !== '' && isObject(value.input);
}

/**
 * Returns an item, or the failed one if its request is none: then nothing is sent, and its
 * reservation is released.
 */
export function checkedItem<R extends ItemRequest>(item: Item<R> | Failed<R>): Item<R> | Failed<R> {
  if (isFailed(item) || isRequest(item.request)) return item;
  item.reservation?.release();
  const end = { stage: 'creation', prediction: null, costMicroUsd: 0 } as const;
  const readable = { ...item, request: readableRequest<R>(item.request) };
  return failItem(readable, notARequest(item.request, item.index), end);
}

function notARequest(value: unknown, index: number): ProviderError {
  return new ProviderError(
    'ERR_INVALID_REQUEST',
    `Expected request #${index + 1} to have a \`model\` and an object as \`input\`, got ${shown(value)}`,
    { suggestion: "Nothing was sent. Give each request as { model: 'owner/name', input: { … } }." },
  );
}

/** Returns a request that outcomes can be made of, from the usable fields of a value. */
function readableRequest<R extends ItemRequest>(value: unknown): R {
  const fields = isObject(value) ? value : {};
  const model = typeof fields.model === 'string' ? fields.model : '';
  const input = isObject(fields.input) ? fields.input : {};
  return { ...fields, model, input } as unknown as R;
}
