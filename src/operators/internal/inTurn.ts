import { endWith, ignoreElements, type MonoTypeOperatorFunction, type Observable, of } from 'rxjs';
import { mapQueued } from './mapQueued.ts';

/**
 * Delays each value until its turn completes, one turn after the other; null is a turn that has
 * come. Values wait in a queue; the end of the source, or its error, comes after them. An error of
 * a turn ends the stream.
 *
 *     source    ab#
 *     turn      --|
 *     inTurn    --a-(b#)
 */
export function inTurn<T>(nextTurn: () => Observable<unknown> | null): MonoTypeOperatorFunction<T> {
  return mapQueued((value: T): Observable<T> => {
    const turn = nextTurn();
    return turn === null ? of(value) : turn.pipe(ignoreElements(), endWith(value));
  }, 1);
}
