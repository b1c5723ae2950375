import { Environment } from "@marcbachmann/cel-js";

export type Scope = { event: unknown; async?: unknown };
type Program = (scope: Scope) => unknown;

const environment = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false });
const programs = new Map<string, Program>();

function compile(expression: string): Program {
  const known = programs.get(expression);
  if (known) return known;
  const program = environment.parse(expression);
  programs.set(expression, program);
  return program;
}

/** Why an expression cannot be used, in the parser's words; undefined if it can. */
export function expressionError(expression: string): string | undefined {
  try {
    compile(expression);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The value of a CEL expression. As on the server, what is missing is null and so is what cannot be computed. */
export function evaluate(expression: string, scope: Scope): unknown {
  try {
    const value = compile(expression)(scope);
    return typeof value === "bigint" ? Number(value) : value;
  } catch {
    return null;
  }
}

export const isTrue = (expression: string | undefined, scope: Scope): boolean =>
  expression === undefined || expression === "" || evaluate(expression, scope) === true;
