/** What an answer's translation has to know of its Responses request. */
export interface ResponsesContext {
  stream: boolean
  /** The model as the upstream knows it: its thinking is of use to it alone. */
  upstreamModel: string
  /** The fields of the request that every `response` object repeats, as JSON: the inside of an object. */
  echo: string
  /** Whether thinking is given to the client to keep, in a form that it hands back and the upstream can verify. */
  encrypted: boolean
  /** The tool that stands in for structured output. */
  jsonTool?: string
  /** Names of the freeform tools, as the upstream knows them. */
  customTools: ReadonlySet<string>
  /** Functions that the client keeps in a namespace, by the name under which the upstream knows them. */
  namespaced: ReadonlyMap<string, Namespaced>
}

export interface Namespaced { namespace: string, name: string }
