import {
  endWith,
  ignoreElements,
  type MonoTypeOperatorFunction,
  type Observable,
  type ObservableInput,
} from 'rxjs';
import { mapQueued } from './mapQueued.ts';

/**
 * Delays each value until its turn completes, one turn after the other. Values wait in a queue; the
 * end of the source, or its error, comes after them. An error of a turn ends the stream.
 *
 *     source    ab#
 *     turn      --|
 *     inTurn    --a-(b#)
 */
export function inTurn<T>(turn: () => Observable<unknown>): MonoTypeOperatorFunction<T> {
  return mapQueued((value: T): ObservableInput<T> => turn().pipe(ignoreElements(), endWith(value)), 1);
}
