import type { TextStream } from './ScriptIo.ts';

/** The window of a terminal; 80 by 24 where it does not know itself (some say 0). */
export function windowSize({ columns = 0, rows = 0 }: TextStream): { columns: number; rows: number } {
  return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
}
