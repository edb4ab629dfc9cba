import type { CommandOption } from '../flags/commandOption.ts';
import { type CompletedCommand, kindOf, singleQuoted, takesNext } from './model.ts';

/**
 * Returns the completion of bash. It needs no package of completions: an equals sign, which bash
 * takes for a word of its own, is handled in it.
 */
export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name);
  return `# Completion of rxposure for bash: source this file.
_rxposure() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words='' folders=''
  [[ $prev == '=' ]] && prev=\${COMP_WORDS[COMP_CWORD-2]}
  [[ $cur == '=' ]] && cur=''
  COMPREPLY=()
  if ((COMP_CWORD == 1)) || { [[ \${COMP_WORDS[1]} == help ]] && ((COMP_CWORD == 2)); }; then
    COMPREPLY=($(compgen -W '${[...names, 'help', '--help', '--version'].join(' ')}' -- "$cur"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${commands.map(caseOf).join('\n')}
  esac
  if [[ -n $folders ]]; then
    COMPREPLY=($(compgen -d -- "$cur"))
  elif [[ -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
  fi
}
complete -o default -F _rxposure rxposure
`;
}

/** Returns the `case` of a command: the words that may follow; otherwise bash completes files. */
function caseOf({ name, words, options }: CompletedCommand): string {
  const values = options.filter((option) => option.argument !== null && isKnown(option));
  const taking = options.filter((option) => takesNext(option) && !isKnown(option));
  const flags = options.map((option) => option.name).join(' ');
  return `    ${name})
      case "$prev" in
${values.map(valueCase).join('\n')}${values.length > 0 ? '\n' : ''}${taking.length > 0 ? `        ${taking.map((option) => option.name).join('|')}) ;;\n` : ''}        *) [[ $cur == -* ]] && words=${singleQuoted(flags)}${words.length === 0 ? '' : ` || words=${singleQuoted(words.join(' '))}`} ;;
      esac ;;`;
}

function isKnown(option: CommandOption): boolean {
  return ['words', 'folders'].includes(kindOf(option));
}

function valueCase(option: CommandOption): string {
  const value = kindOf(option) === 'folders' ? 'folders=1' : `words=${singleQuoted(option.words.join(' '))}`;
  return `        ${option.name}) ${value} ;;`;
}
