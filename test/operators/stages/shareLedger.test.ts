import { expect, it } from 'vitest';
import { createLedger } from '../../../src/operators/stages/budgetTake.ts';
import { shareLedger } from '../../../src/operators/stages/shareLedger.ts';

const noLimit = Number.POSITIVE_INFINITY;

it('reserves only amounts that fit into both ledgers', () => {
  const own = createLedger({ limitMicroUsd: 10 });
  const shared = createLedger({ limitMicroUsd: 5 });
  const ledger = shareLedger(own, shared);
  expect(ledger.reserve(6)).toBeNull();
  expect(own.reservedMicroUsd).toBe(0);
  ledger.reserve(4)?.settle(3);
  expect([ledger.spentMicroUsd, shared.spentMicroUsd]).toEqual([3, 3]);
});

it.each([
  [noLimit, noLimit, 0],
  [noLimit, 5, undefined],
  [5, noLimit, undefined],
])('takes an unknown price under %d and %d only if there is no limit', (first, second, microUsd) => {
  const own = createLedger({ limitMicroUsd: first });
  const shared = createLedger({ limitMicroUsd: second });
  expect(shareLedger(own, shared).reserve(null)?.microUsd).toBe(microUsd);
  expect([own.reservedMicroUsd, shared.reservedMicroUsd]).toEqual([0, 0]);
});
