// Imported before anything else: an older Node must be told so before it meets a native module or syntax that it cannot load.
// This file and `server.ts` therefore use nothing that Node 18 does not know.

/** As in `engines` of package.json. */
export const OLDEST_NODE = 24

/** @returns what to tell the user when Node `version` (such as `20.11.1`) is too old, else `undefined` */
export function nodeVersionProblem (version: string): string | undefined {
  if (Number.parseInt(version, 10) >= OLDEST_NODE) return undefined
  return `ccproxy needs Node.js ${OLDEST_NODE} or newer; this is Node.js ${version}. Install a newer one, or use \`npm start\`, which brings its own.`
}

const problem = nodeVersionProblem(process.versions.node)
if (problem !== undefined) {
  console.error(problem)
  process.exit(1)
}
