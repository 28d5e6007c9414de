import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'

const SOURCE = join(import.meta.dirname, '../../src')

/** Where a function takes a code: the parameter's place, and what it is when left out. */
interface Taker {
  file: string
  index: number
}

/**
 * Every code with which the gateway's own errors are made, found in the source: `code` in an object, arguments of functions that take a `code`, and
 * the type of an error that has none. What a template leaves open is shown as `*`.
 */
export function errorCodes (): Set<string> {
  const codes = new Set<string>()
  const files = globSync('**/*.ts', { cwd: SOURCE }).filter((name) => !name.startsWith('simulator') && !name.startsWith('routes/docs'))
    .map((name) => ts.createSourceFile(name, readFileSync(join(SOURCE, name), 'utf8'), ts.ScriptTarget.Latest, true))
  const takers = takersIn(files, codes)
  for (const file of files) {
    visit(file, (node) => {
      if (ts.isNewExpression(node) && node.expression.getText() === 'GatewayError') add(codes, codeOf(node))
      if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return
      const home = homeOf(node.expression.text, file)
      const taker = takers.get(node.expression.text)?.find((one) => one.file === home)
      if (taker !== undefined) add(codes, node.arguments[taker.index])
    })
  }
  return codes
}

function takersIn (files: readonly ts.SourceFile[], codes: Set<string>): Map<string, Taker[]> {
  const takers = new Map<string, Taker[]>()
  for (const file of files) {
    visit(file, (node) => {
      if (!ts.isFunctionDeclaration(node) || node.name === undefined || !node.getText().includes('GatewayError')) return
      const index = node.parameters.findIndex(({ name }) => name.getText() === 'code')
      if (index === -1) return
      takers.set(node.name.text, [...takers.get(node.name.text) ?? [], { file: file.fileName, index }])
      add(codes, node.parameters[index]!.initializer)
    })
  }
  return takers
}

/** The file that a function is from which is called in `file`: the one that it is imported from, else the file itself. */
function homeOf (called: string, file: ts.SourceFile): string {
  const source = file.statements.find((one): one is ts.ImportDeclaration => ts.isImportDeclaration(one) &&
    one.importClause?.namedBindings !== undefined && ts.isNamedImports(one.importClause.namedBindings) &&
    one.importClause.namedBindings.elements.some(({ name }) => name.text === called))
  return source === undefined ? file.fileName : join(dirname(file.fileName), (source.moduleSpecifier as ts.StringLiteral).text)
}

/** The code in the options, else the type. */
function codeOf ({ arguments: [type, , options] = [] as unknown as ts.NodeArray<ts.Expression> }: ts.NewExpression): ts.Node | undefined {
  if (options === undefined || !ts.isObjectLiteralExpression(options)) return type
  const code = options.properties.find(({ name }) => name?.getText() === 'code')
  if (code === undefined) return type
  return ts.isPropertyAssignment(code) ? code.initializer : undefined
}

function add (codes: Set<string>, node: ts.Node | undefined): void {
  if (node === undefined) return
  if (ts.isStringLiteral(node)) codes.add(node.text)
  else if (ts.isConditionalExpression(node)) for (const one of [node.whenTrue, node.whenFalse]) add(codes, one)
  else if (ts.isTemplateExpression(node)) codes.add([node.head, ...node.templateSpans.map(({ literal }) => literal)].map(({ text }) => text).join('*'))
}

function visit (node: ts.Node, see: (node: ts.Node) => void): void {
  see(node)
  ts.forEachChild(node, (child) => visit(child, see))
}
