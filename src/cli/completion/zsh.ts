import type { CommandOption } from '../flags/commandOption.ts';
import { type CompletedCommand, kindOf, singleQuoted } from './model.ts';

/** Returns the completion of zsh: a file `_rxposure` of a folder in `fpath`, or to be sourced. */
export function zshCompletion(commands: readonly CompletedCommand[]): string {
  const lines = commands.map(({ name, line }) => singleQuoted(`${name}:${line.replaceAll(':', '\\:')}`));
  return `#compdef rxposure
# Completion of rxposure for zsh.
_rxposure() {
  local -a commands
  commands=(
${lines.map((line) => `    ${line}`).join('\n')}
  )
  if (( CURRENT == 2 )) || { [[ $words[2] == help ]] && (( CURRENT == 3 )) }; then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(caseOf).join('\n')}
  esac
}
if [[ $funcstack[1] == _rxposure ]]; then
  _rxposure "$@"
else
  compdef _rxposure rxposure
fi
`;
}

function caseOf({ name, words, options }: CompletedCommand): string {
  const input = words.length === 0 ? '*:file:_files' : `*:input:(${words.join(' ')})`;
  const specs = [...options.map(specOf), input].map((spec) => `        ${singleQuoted(spec)}`);
  return `    ${name})\n      _arguments \\\n${specs.join(' \\\n')} ;;`;
}

/** Returns a flag as `_arguments` reads it. */
function specOf(option: CommandOption): string {
  const { name, help, argument, isOptional } = option;
  const text = help.replace(/[[\]\\:]/g, (sign) => `\\${sign}`);
  if (argument === null) return `*${name}[${text}]`;
  const title = argument.replace(/[[\]\\:]/g, (sign) => `\\${sign}`);
  return isOptional
    ? `*${name}=-[${text}]::${title}:${actionOf(option)}`
    : `*${name}=[${text}]:${title}:${actionOf(option)}`;
}

function actionOf(option: CommandOption): string {
  const kind = kindOf(option);
  if (kind === 'words') return `(${option.words.join(' ')})`;
  if (kind === 'folders') return '_files -/';
  return kind === 'files' ? '_files' : ' ';
}
