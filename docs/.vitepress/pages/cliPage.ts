import { commandTable } from '../../../src/cli/flags/commandTable.ts';
import { groupHeadings } from '../../../src/cli/flags/defineFlag.ts';
import { flagTable } from '../../../src/cli/flags/flagTable.ts';
import { exitCodes } from '../../../src/cli/script/exit.ts';

/** The names of the parts of docs/cli.md that are written from the code. */
type PartName = 'commands' | 'flags' | 'exit codes';

/** Returns docs/cli.md with the parts between its markers rewritten from the code. */
export function withGeneratedParts(page: string): string {
  const parts: Readonly<Record<PartName, string>> = {
    commands: tableOfCommands(),
    flags: flagTables(),
    'exit codes': exitCodeTable(),
  };
  return Object.entries(parts).reduce((text, [name, part]) => {
    const marker = new RegExp(`(<!-- ${name}: .*? -->\n)[\\s\\S]*?(<!-- end of ${name} -->)`);
    return text.replace(marker, (_whole, begin: string, end: string) => `${begin}\n${part}\n\n${end}`);
  }, page);
}

function tableOfCommands(): string {
  const rows = Object.entries(commandTable).map(([name, { takes, help }]) => [
    `\`${takes === '' ? name : `${name} ${takes}`}\``,
    cell(help),
  ]);
  return table(['command', 'purpose'], rows);
}

function flagTables(): string {
  const headings = [...new Set(Object.values(groupHeadings))];
  return headings
    .map((heading) => {
      const flags = flagTable.filter(({ group }) => groupHeadings[group] === heading);
      const rows = flags.map(({ name, argument, help, shownDefault }) => [
        `\`${flagTerm(name, argument)}\``,
        cell(help),
        shownDefault === null ? '' : cell(shownDefault),
      ]);
      return `### ${heading.replace(/:$/, '')}\n\n${table(['flag', 'meaning', 'default'], rows)}`;
    })
    .join('\n\n');
}

/** Returns a flag as people type it: `--count N`, `--simulate[=SPEED]`. */
function flagTerm(name: string, argument: string | null): string {
  if (argument === null) return `--${name}`;
  const value = argument.replaceAll('|', '\\|');
  return argument.startsWith('=') ? `--${name}[${value}]` : `--${name} ${value}`;
}

function exitCodeTable(): string {
  return table(
    ['exit code', 'meaning'],
    Object.values(exitCodes).map(({ code, meaning }) => [String(code), meaning]),
  );
}

/** Escapes characters that have a meaning in a table cell or on the site. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/[<{}]/g, (sign) => `&#${sign.codePointAt(0)};`);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
