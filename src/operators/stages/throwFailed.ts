import { map, type OperatorFunction } from 'rxjs';
import { type Failed, type ItemRequest, isFailed } from '../../base/items/item.ts';

/**
 * Emits the error of the first item that has failed, in place of it: for a pipe of one item, whose
 * error you catch or retry yourself.
 *
 *     items, f failed   a-f-b|
 *     throwFailed       a-#
 */
export function throwFailed<T extends object, R extends ItemRequest>(): OperatorFunction<T | Failed<R>, T> {
  return map((item) => {
    if (isFailed(item)) throw item.error;
    return item;
  });
}
