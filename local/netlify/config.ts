import { parse } from "@babel/parser";
import type { ArrayExpression, Expression, Node, ObjectExpression, Statement } from "@babel/types";
import { z } from "zod";

const methods = ["GET", "POST", "PUT", "PATCH", "OPTIONS", "DELETE", "HEAD"] as const;
const method = z.preprocess(
  (value) => (typeof value === "string" ? value.toUpperCase() : value),
  z.enum(methods),
);
const path = z.string().startsWith("/", "must start with a /");
const oneOrMore = <T extends z.ZodType>(one: T) =>
  z.union([z.array(one), one.transform((value) => [value])]).optional();

/** The parts of a function's `config` that decide when it is called. */
export const functionConfig = z.object({
  path: oneOrMore(path),
  excludedPath: oneOrMore(path),
  method: oneOrMore(method),
  preferStatic: z.boolean().optional().catch(undefined),
  schedule: z.string().optional(),
});
export type FunctionConfig = z.infer<typeof functionConfig>;

export class ConfigError extends Error {}

/**
 * Reads a function's `config` from its source without running it, as Netlify's bundler does. Only a plain literal
 * counts: a constant, a call, an `as` or a `satisfies` is ignored, here and on Netlify.
 */
export function readConfig(source: string): FunctionConfig {
  const literal = exportedConfig(
    parse(source, { sourceType: "module", plugins: ["typescript"] }).program.body,
  );
  const parsed = functionConfig.safeParse(literal ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ConfigError(`config.${issue?.path.join(".")}: ${issue?.message}`);
}

function exportedConfig(statements: readonly Statement[]): Record<string, unknown> | undefined {
  let inDefault: Record<string, unknown> | undefined;
  for (const statement of statements) {
    if (statement.type === "ExportNamedDeclaration" && statement.exportKind === "value") {
      const declaration = statement.declaration;
      if (declaration?.type !== "VariableDeclaration") continue;
      for (const { id, init } of declaration.declarations) {
        const isConfig = id.type === "Identifier" && id.name === "config";
        if (isConfig && init?.type === "ObjectExpression") return literalOf(init);
      }
    }
    if (statement.type === "ExportDefaultDeclaration") inDefault = configOf(statement.declaration);
  }
  return inDefault;
}

/** The config in `export default { fetch, config: { … } }`. */
function configOf(node: Node): Record<string, unknown> | undefined {
  const object =
    node.type === "TSSatisfiesExpression" || node.type === "TSAsExpression" ? node.expression : node;
  if (object.type !== "ObjectExpression") return undefined;
  for (const property of object.properties) {
    if (property.type !== "ObjectProperty" || property.value.type !== "ObjectExpression") continue;
    if (nameOf(property.key) === "config") return literalOf(property.value);
  }
  return undefined;
}

function literalOf(object: ObjectExpression): Record<string, unknown> {
  const literal: Record<string, unknown> = {};
  for (const property of object.properties) {
    if (property.type !== "ObjectProperty") continue;
    const name = nameOf(property.key);
    if (name !== undefined) literal[name] = valueOf(property.value);
  }
  return literal;
}

const nameOf = (key: Node): string | undefined =>
  key.type === "Identifier" ? key.name : key.type === "StringLiteral" ? key.value : undefined;

function valueOf(node: Node): unknown {
  switch (node.type) {
    case "StringLiteral":
    case "NumericLiteral":
    case "BooleanLiteral":
      return node.value;
    case "NullLiteral":
      return null;
    case "ArrayExpression":
      return elementsOf(node).map((element) => (element === null ? undefined : valueOf(element)));
    case "ObjectExpression":
      return literalOf(node);
    default:
      return undefined;
  }
}

const elementsOf = (array: ArrayExpression): (Expression | null)[] =>
  array.elements.map((element) => (element?.type === "SpreadElement" ? null : element));
