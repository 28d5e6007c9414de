import type { Command } from 'commander'
import { backupCommand } from './backup.ts'
import { completionCommand } from './completion.ts'
import { connectCommand } from './connect/command.ts'
import { doctorCommand } from './doctor/command.ts'
import type { Io } from './io.ts'
import { keysCommand } from './keys.ts'
import { command } from './options.ts'
import { ownVersion } from './own-version.ts'
import { rotateCommand } from './rotate.ts'
import { demoCommand, serveCommand } from './serve.ts'
import { sessionCommand } from './sessions.ts'
import { tokenCommand } from './tokens.ts'

/** The whole command, with everything below it. */
export function buildProgram (io: Io): Command {
  const program = command('ccproxy', 'A self-hosted streaming gateway in front of Claude.', [
    'ccproxy                            start the gateway (the same as ccproxy serve)',
    'ccproxy demo                       look around without a key or a network',
    'ccproxy connect claude-code        make a token, and show how Claude Code uses it',
    'ccproxy doctor                     find out what is wrong'
  ]).version(ownVersion(), '-V, --version', 'show the version')
  program.addCommand(serveCommand())
  const commands = [tokenCommand, sessionCommand, keysCommand, connectCommand, doctorCommand, backupCommand, rotateCommand, completionCommand]
  for (const made of [demoCommand(), ...commands.map((make) => make(io))]) program.addCommand(made)
  return program
}
