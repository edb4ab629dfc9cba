import { FakeStream } from './fakeStream.ts';

const escapeCode = '\x1b';
const token = new RegExp(`${escapeCode}\\[\\??\\d*[A-Za-z]|[^]`, 'gu');
const sequence = new RegExp(`^${escapeCode}\\[(\\??\\d*)([A-Za-z])$`);

/**
 * A small terminal: it understands the sequences of a live display, wraps, scrolls, and throws at
 * anything else.
 */
export class FakeTerminal extends FakeStream {
  override isTTY = true;
  screen: string[][] = [[]];
  /** Lines that have scrolled off the top. */
  history: string[] = [];
  row = 0;
  column = 0;
  isCursorVisible = true;
  isWrapping = true;
  writes = 0;

  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
  }

  override write(text: string): boolean {
    this.writes += 1;
    for (const part of text.match(token) ?? []) this.take(part);
    return super.write(text);
  }

  /** The lines on the screen, without blank ones at the end. */
  get shown(): string[] {
    const lines = this.screen.map((cells) => cells.join('').trimEnd());
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  private take(part: string): void {
    const [, code, letter] = sequence.exec(part) ?? [];
    if (part === '\r') this.column = 0;
    else if (part === '\n') this.newLine();
    else if (letter === undefined) this.put(part);
    else this.control(`${code}${letter}`, Number(code));
  }

  private control(code: string, count: number): void {
    if (code.endsWith('A')) this.row = Math.max(0, this.row - count);
    else if (code === 'K') this.screen[this.row]!.length = this.column;
    else if (code === '2K') this.screen[this.row] = [];
    else if (code === 'J') {
      this.screen[this.row]!.length = Math.min(this.screen[this.row]!.length, this.column);
      this.screen.length = this.row + 1;
    } else if (code.startsWith('?25')) this.isCursorVisible = code.endsWith('h');
    else if (code.startsWith('?7')) this.isWrapping = code.endsWith('h');
    else if (!code.endsWith('m')) throw new Error(`Expected a known control sequence, got ${code}`);
  }

  private newLine(): void {
    this.column = 0;
    this.row += 1;
    if (this.row >= this.rows) {
      this.history.push(this.screen.shift()!.join(''));
      this.row = this.rows - 1;
    }
    this.screen[this.row] ??= [];
  }

  private put(character: string): void {
    if (character < ' ') throw new Error(`Expected no control character, got ${JSON.stringify(character)}`);
    if (this.column >= this.columns && this.isWrapping) this.newLine();
    this.column = Math.min(this.column, this.columns - 1);
    const cells = this.screen[this.row]!;
    while (cells.length < this.column) cells.push(' ');
    cells[this.column] = character;
    this.column += 1;
  }
}
