import { spawn } from 'node:child_process';
import { once } from 'node:events';
import xterm, { type IBufferCell, type Terminal } from '@xterm/headless';

/** A stretch of text in one style. */
export interface Span {
  readonly text: string;
  /** Index in the palette of 16 colours; null: the default. */
  readonly colour: number | null;
  readonly isBold: boolean;
  readonly isDim: boolean;
}

/** The whole screen at a time. */
export interface Frame {
  readonly atMs: number;
  readonly rows: readonly (readonly Span[])[];
}

interface RecordTerminalConfig {
  readonly columns: number;
  readonly rows: number;
  /** The folder that the commands run in. */
  readonly cwd: string;
  /** The name of that folder in the recording. */
  readonly shownCwd: string;
  /** Commands as people type them, each with the command that runs for it. */
  readonly commands: readonly { readonly typed: string; readonly run: string }[];
}

const FRAME_MS = 150;
const KEY_MS = 45;
const PAUSE_MS = 700;
/** Time for which the last screen is shown. */
const LAST_MS = 6_000;

/**
 * Runs commands in a pseudo-terminal (`script` of util-linux) and records the screen while they run.
 * Typing is drawn, at an even pace; everything else is the output of the commands, at its own time.
 */
export async function recordTerminal(config: RecordTerminalConfig): Promise<readonly Frame[]> {
  const { columns, rows, cwd, shownCwd, commands } = config;
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, convertEol: true });
  const frames: Frame[] = [];
  let nowMs = 0;
  const write = (text: string) => new Promise<void>((resolve) => terminal.write(text, resolve));
  const take = () => frames.push({ atMs: nowMs, rows: screenOf(terminal) });
  const wait = (ms: number) => {
    nowMs += ms;
  };

  for (const { typed, run } of commands) {
    await write('\x1b[32m$\x1b[0m ');
    take();
    wait(PAUSE_MS);
    for (const word of typed.split(/(?<= )/)) {
      await write(word);
      take();
      wait(KEY_MS * word.length);
    }
    wait(PAUSE_MS);
    await write('\n');
    const startMs = nowMs - performance.now();
    const sized = `stty cols ${columns} rows ${rows}; ${run}`;
    const child = spawn('script', ['-qefc', sized, '/dev/null'], {
      cwd,
      env: {
        ...process.env,
        TERM: 'xterm-256color',
        NO_COLOR: undefined,
        FORCE_COLOR: undefined,
        CI: undefined,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'close');
    for await (const chunk of child.stdout) {
      await write(String(chunk).replaceAll(cwd, shownCwd));
      nowMs = startMs + performance.now();
      if (nowMs - (frames.at(-1)?.atMs ?? 0) >= FRAME_MS) take();
    }
    const [code] = await ended;
    if (code !== 0) throw new Error(`Expected \`${run}\` to exit with 0, got ${code}`);
    take();
    wait(PAUSE_MS);
  }
  await write('\x1b[32m$\x1b[0m ');
  take();
  wait(LAST_MS);
  take();
  return frames;
}

function screenOf(terminal: Terminal): Frame['rows'] {
  const { active } = terminal.buffer;
  return Array.from({ length: terminal.rows }, (_, row) => {
    const line = active.getLine(active.viewportY + row);
    const spans: Span[] = [];
    for (let column = 0; column < terminal.cols; column += 1) {
      const cell = line?.getCell(column);
      if (cell === undefined || cell.getWidth() === 0) continue;
      append(spans, spanOf(cell));
    }
    return trimmed(spans);
  });
}

function spanOf(cell: IBufferCell): Span {
  const colour = cell.isFgPalette() ? cell.getFgColor() : null;
  return { text: cell.getChars() || ' ', colour, isBold: cell.isBold() !== 0, isDim: cell.isDim() !== 0 };
}

function append(spans: Span[], next: Span): void {
  const last = spans.at(-1);
  const isSame = last?.colour === next.colour && last.isBold === next.isBold && last.isDim === next.isDim;
  if (last === undefined || !isSame) spans.push(next);
  else spans[spans.length - 1] = { ...last, text: last.text + next.text };
}

function trimmed(spans: readonly Span[]): readonly Span[] {
  const last = spans.at(-1);
  if (last === undefined) return [];
  const text = last.text.trimEnd();
  return text === '' ? trimmed(spans.slice(0, -1)) : [...spans.slice(0, -1), { ...last, text }];
}
