import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLedger } from '../../../src/operators/stages/budgetTake.ts';

describe('createLedger', () => {
  it('never reserves and spends more than the limit, in any order of events', () => {
    const event = fc.record({
      kind: fc.constantFrom('reserve', 'settle', 'release'),
      microUsd: fc.nat(100),
      which: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.nat(1_000), fc.array(event, { maxLength: 200 }), (limitMicroUsd, events) => {
        const ledger = createLedger({ limitMicroUsd });
        const open: { microUsd: number; settle(actual: number): void; release(): void }[] = [];
        let heldMicroUsd = 0;
        let paidMicroUsd = 0;
        for (const { kind, microUsd, which } of events) {
          if (kind === 'reserve') {
            const reservation = ledger.reserve(microUsd);
            expect(reservation === null).toBe(heldMicroUsd + paidMicroUsd + microUsd > limitMicroUsd);
            if (reservation === null) continue;
            open.push(reservation);
            heldMicroUsd += microUsd;
          } else {
            const reservation = open[which % Math.max(1, open.length)];
            if (reservation === undefined) continue;
            open.splice(open.indexOf(reservation), 1);
            heldMicroUsd -= reservation.microUsd;
            const actual = Math.min(microUsd, reservation.microUsd);
            if (kind === 'settle') {
              reservation.settle(actual);
              paidMicroUsd += actual;
            } else reservation.release();
            reservation.settle(99);
            reservation.release();
          }
          expect(ledger.reservedMicroUsd).toBe(heldMicroUsd);
          expect(ledger.spentMicroUsd).toBe(paidMicroUsd);
          expect(heldMicroUsd + paidMicroUsd).toBeLessThanOrEqual(limitMicroUsd);
        }
      }),
    );
  });

  it('continues from the money that earlier runs spent', () => {
    const ledger = createLedger({ limitMicroUsd: 10, spentMicroUsd: 8 });
    expect(ledger.reserve(3)).toBeNull();
    expect(ledger.reserve(2)).not.toBeNull();
  });

  it('keeps the money of attempts that earlier runs left open, until they are resumed', () => {
    const ledger = createLedger({ limitMicroUsd: 10, spentMicroUsd: 2, openMicroUsd: 5 });
    expect(ledger.reservedMicroUsd).toBe(5);
    expect(ledger.reserve(4)).toBeNull();
    const resumed = ledger.resume?.(3);
    expect(ledger.reservedMicroUsd).toBe(5);
    resumed?.settle(1);
    expect([ledger.reservedMicroUsd, ledger.spentMicroUsd]).toEqual([2, 3]);
    expect(ledger.reserve(5)).not.toBeNull();
    expect(ledger.reserve(1)).toBeNull();
  });

  it('never refuses an attempt that may be paid, and counts it', () => {
    const ledger = createLedger({ limitMicroUsd: 2 });
    ledger.resume?.(3)?.settle(3);
    expect(ledger.spentMicroUsd).toBe(3);
    expect(ledger.reserve(0)).toBeNull();
  });

  it('books the money really paid, and reserves nothing more if that was above the limit', () => {
    const ledger = createLedger({ limitMicroUsd: 10 });
    ledger.reserve(10)?.settle(12);
    expect(ledger.spentMicroUsd).toBe(12);
    expect(ledger.reserve(0)).toBeNull();
  });

  it('also warns if paid money reaches four fifths, though reserved money did not', () => {
    const seen: number[] = [];
    const ledger = createLedger({
      limitMicroUsd: 10,
      onWarning: ({ spentMicroUsd }) => seen.push(spentMicroUsd),
    });
    ledger.reserve(7)?.release();
    ledger.reserve(1)?.settle(7);
    expect(seen).toEqual([]);
    ledger.reserve(0)?.settle(1);
    ledger.reserve(1)?.settle(1);
    expect(seen).toEqual([8]);
  });

  it('knows no limit at Infinity', () => {
    expect(createLedger({ limitMicroUsd: Number.POSITIVE_INFINITY }).reserve(10 ** 12)).not.toBeNull();
  });

  it('warns once, at four fifths of the limit', () => {
    const warnings: number[] = [];
    const ledger = createLedger({
      limitMicroUsd: 10,
      onWarning: ({ reservedMicroUsd }) => warnings.push(reservedMicroUsd),
    });
    ledger.reserve(7);
    expect(warnings).toEqual([]);
    ledger.reserve(1);
    ledger.reserve(1);
    expect(warnings).toEqual([8]);
  });

  it('refuses amounts that are no money', () => {
    expect(() => createLedger({ limitMicroUsd: 0.5 })).toThrow('`limitMicroUsd` to be whole millionths');
    expect(() => createLedger({ limitMicroUsd: -1 })).toThrow('got -1');
    expect(() => createLedger({ limitMicroUsd: 1 }).reserve(Number.NaN)).toThrow('got NaN');
  });
});
