import { stripVTControlCharacters } from 'node:util';
import { displayWidth } from './displayWidth.ts';
import type { TextStream } from './ScriptIo.ts';
import { terminalCodes } from './terminalCodes.ts';
import { windowSize } from './windowSize.ts';

/** Some lines at the bottom of a terminal that change in place. */
export interface LiveBlock {
  /** Shows these lines, one or more, instead of the ones before; writes nothing where all is as it was. */
  draw(lines: readonly string[]): void;
  /** Writes lines that stay, above the block. */
  print(lines: readonly string[]): void;
  /** Takes the block away and shows the cursor again. */
  clear(): void;
}

/**
 * A block at the place of the cursor. Between two writes the cursor waits, hidden, at the start of the block's last line,
 * so a block may be as high as the window.
 */
export function createLiveBlock(stream: TextStream): LiveBlock {
  const { hideCursor, showCursor, noWrap, wrap, eraseLine, eraseRestOfLine, eraseBelow, up } = terminalCodes;
  let drawn: readonly string[] = [];
  let drawnColumns = 0;

  const height = (): number => heightOf(drawn, drawnColumns, windowSize(stream).columns);
  const toTop = (): string => `\r${up(height() - 1)}`;
  const erase = (): string => {
    if (drawn.length === 0) return '';
    const rows = Array.from({ length: height() }, () => eraseLine);
    return `${toTop()}${rows.join('\n')}${toTop()}`;
  };
  // Written over what was there, and only then rid of what is left of it: that does not flicker.
  const block = (lines: readonly string[]): string =>
    `${noWrap}${lines.join(`${eraseRestOfLine}\n`)}${eraseBelow}\r${wrap}`;

  return {
    draw(lines) {
      const { columns } = windowSize(stream);
      const isSame = columns === drawnColumns && lines.join('\n') === drawn.join('\n');
      if (isSame || lines.length === 0) return;
      stream.write(`${drawn.length === 0 ? hideCursor : ''}${toTop()}${block(lines)}`);
      [drawn, drawnColumns] = [lines, columns];
    },
    print(lines) {
      const text = lines.map((line) => `${line}\n`).join('');
      stream.write(`${erase()}${text}${drawn.length === 0 ? '' : block(drawn)}`);
    },
    clear() {
      if (drawn.length === 0) return;
      stream.write(`${erase()}${showCursor}`);
      drawn = [];
    },
  };
}

/** Rows that the lines take now: a terminal that has become narrower has broken those that no longer fit. */
function heightOf(lines: readonly string[], drawnColumns: number, columns: number): number {
  if (columns >= drawnColumns) return lines.length;
  return lines.reduce((rows, line) => {
    const width = displayWidth(stripVTControlCharacters(line));
    return rows + Math.max(1, Math.ceil(width / columns));
  }, 0);
}
