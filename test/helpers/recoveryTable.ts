import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** A row of a table of docs/recovery.md. */
export interface RecoveryRow {
  readonly change: string;
  readonly effect: string;
  readonly cost: string;
}

/** The section of docs/recovery.md that has the tables. */
const SECTION = 'What changed between two runs';

/** Reads the tables of docs/recovery.md: their rows by their headings. */
export function recoveryTables(): ReadonlyMap<string, readonly RecoveryRow[]> {
  const [, section = ''] = readFileSync('docs/recovery.md', 'utf8').split(`\n## ${SECTION}\n`);
  const [own = ''] = section.split(/\n## /);
  const parts = own.split(/\n### /).slice(1);
  return new Map(
    parts.map((part) => {
      const [heading = '', ...lines] = part.split('\n');
      const rows = lines.filter((line) => line.startsWith('|')).slice(2);
      return [heading, rows.map(rowOf)];
    }),
  );
}

function rowOf(line: string): RecoveryRow {
  const [change = '', effect = '', cost = ''] = line
    .slice(1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
  return { change, effect, cost };
}

/**
 * A case of a row: changes something between two runs, and checks what the next one does. Resolves
 * with the number of predictions that this one made.
 */
export type RecoveryCase = () => Promise<number>;

/**
 * Declares a test for each row of a table of docs/recovery.md, by its first cell. A row without a
 * case and a case without a row fail, and so does a row that costs `nothing` if anything was made,
 * or another one if nothing was.
 */
export function describeTable(heading: string, cases: Readonly<Record<string, RecoveryCase>>): void {
  const rows = recoveryTables().get(heading) ?? [];
  describe(`a change between two runs: ${heading}`, () => {
    it('each row of docs/recovery.md has a case, and each case a row', () => {
      expect(Object.keys(cases)).toEqual(rows.map(({ change }) => change));
    });
    for (const { change, cost } of rows) {
      const check = cases[change];
      if (check === undefined) continue;
      it(change, async () => {
        const made = await check();
        const isFree = cost.startsWith('nothing');
        expect({ cost, made: made > 0 }).toEqual({ cost, made: !isFree });
      });
    }
  });
}
