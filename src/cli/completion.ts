import { Argument, type Command } from 'commander'
import { command } from './options.ts'
import { say, type Io } from './io.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = typeof SHELLS[number]

/** What can follow a command: the commands below it, its options, and the words that its arguments may be. */
interface Node {
  /** Such as `token create`; empty for the whole. */
  path: string
  words: Array<{ word: string, description: string }>
}

/** `ccproxy completion` */
export function completionCommand (io: Io): Command {
  return command('completion', 'print a script that completes commands in your shell', [
    'ccproxy completion bash >> ~/.bashrc', 'ccproxy completion zsh > ~/.zfunc/_ccproxy', 'ccproxy completion fish > ~/.config/fish/completions/ccproxy.fish'
  ])
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .action((shell: Shell, _options: object, self: Command) => say(io, SCRIPTS[shell](nodesOf(self.parent!))))
}

const SCRIPTS: Record<Shell, (nodes: Node[]) => string> = { bash, zsh, fish }

function nodesOf (program: Command, path = ''): Node[] {
  const words = [
    ...program.commands.map((below) => ({ word: below.name(), description: below.description() })),
    ...program.registeredArguments.flatMap(({ argChoices = [] }) => argChoices.map((word) => ({ word, description: '' }))),
    ...program.options.map((option) => ({ word: option.long!, description: option.description })),
    { word: '--help', description: 'show help' }
  ]
  return [{ path, words }, ...program.commands.flatMap((below) => nodesOf(below, `${path} ${below.name()}`.trim()))]
}

/** The words before the cursor that are no options name the command, as far as it is known. */
function bash (nodes: Node[]): string {
  return `# bash completion of ccproxy
_ccproxy () {
  local word path='' next
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "$next" in
${nodes.filter(({ path }) => path !== '').map(({ path }) => `      '${path}') path="$next" ;;`).join('\n')}
    esac
  done
  case "$path" in
${nodes.map(({ path, words }) => `    '${path}') COMPREPLY=($(compgen -W '${words.map(({ word }) => word).join(' ')}' -- "\${COMP_WORDS[COMP_CWORD]}")) ;;`).join('\n')}
  esac
}
complete -o default -F _ccproxy ccproxy`
}

function zsh (nodes: Node[]): string {
  const described = ({ word, description }: Node['words'][number]) => `'${`${word}:${description}`.replaceAll('\'', '\'\\\'\'')}'`
  return `#compdef ccproxy
_ccproxy () {
  local word path_='' next
  local -a found
  for word in "\${(@)words[2,CURRENT-1]}"; do
    next="\${path_:+$path_ }$word"
    case "$next" in
${nodes.filter(({ path }) => path !== '').map(({ path }) => `      '${path}') path_="$next" ;;`).join('\n')}
    esac
  done
  case "$path_" in
${nodes.map(({ path, words }) => `    '${path}') found=(${words.map(described).join(' ')}) ;;`).join('\n')}
  esac
  _describe 'ccproxy' found || _files
}
if [ "$funcstack[1]" = "_ccproxy" ]; then _ccproxy "$@"; else compdef _ccproxy ccproxy; fi`
}

function fish (nodes: Node[]): string {
  const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll('\'', '\\\'')}'`
  const lines = nodes.flatMap(({ path, words }) => words.map(({ word, description }) => {
    const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${quoted(word)}`
    return `complete -c ccproxy -n ${quoted(`__ccproxy_at ${quoted(path)}`)} ${what} -d ${quoted(description)}`
  }))
  return `# fish completion of ccproxy
function __ccproxy_at
    set -l path ''
    for word in (commandline -opc)[2..-1]
        set -l next (string trim "$path $word")
        contains -- "$next" ${nodes.filter(({ path }) => path !== '').map(({ path }) => quoted(path)).join(' ')}; and set path "$next"
    end
    test "$path" = "$argv[1]"
end
${lines.join('\n')}`
}
