/** The few control sequences that the live display needs; all terminals of today know them. */
export const terminalCodes = {
  hideCursor: '\x1b[?25l',
  showCursor: '\x1b[?25h',
  /** A line too long for the window is cut at its edge rather than continued on the next row. */
  noWrap: '\x1b[?7l',
  wrap: '\x1b[?7h',
  eraseLine: '\x1b[2K',
  eraseRestOfLine: '\x1b[K',
  /** From the cursor to the end of the screen. At the very top some terminals scroll all away instead. */
  eraseBelow: '\x1b[J',
  up: (rows: number): string => (rows > 0 ? `\x1b[${rows}A` : ''),
};
