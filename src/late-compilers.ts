import { AjvCompiler } from '@fastify/ajv-compiler'
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'
import type { FastifyServerOptions } from 'fastify'

type CompilersFactory = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>

/** What a schema is compiled to. A validator leaves its complaints on the function itself. */
type Compiled = ((...data: unknown[]) => unknown) & { errors?: unknown }
type Compiler = (route: { schema: object }) => Compiled
/** Makes a compiler out of what Fastify knows when the routes are there. */
type Factory = (...known: unknown[]) => Compiler

/**
 * Fastify's compilers of schemas, put off: a schema is compiled when a request first needs it, and once, however many routes have it. There are some
 * two hundred of them, which took a fifth of the start. A test shows that all can be compiled, and that no route has a schema for its headers: with
 * compilers of one's own Fastify no longer puts the names in such a schema into lower case.
 */
export function lateCompilers (): FastifyServerOptions['schemaController'] {
  // Fastify's types of the two differ from those of the packages that it takes them from.
  const [buildValidator, buildSerializer] = [late(AjvCompiler() as unknown as Factory), late(SerializerSelector() as unknown as Factory)]
  return { compilersFactory: { buildValidator, buildSerializer } as unknown as CompilersFactory }
}

function late (build: Factory): Factory {
  return (...known) => {
    const functions = new Map<object, Compiled>()
    let compiler: Compiler | undefined
    return (route) => {
      let compiled = functions.get(route.schema)
      if (compiled === undefined) functions.set(route.schema, compiled = onFirstUse(() => (compiler ??= build(...known))(route)))
      return compiled
    }
  }
}

function onFirstUse (compile: () => Compiled): Compiled {
  let real: Compiled | undefined
  const compiled: Compiled = (...data) => {
    real ??= compile()
    const result = real(...data)
    compiled.errors = real.errors
    return result
  }
  return compiled
}
