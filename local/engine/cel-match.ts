import type { ASTNode } from "@marcbachmann/cel-js";
import {
  compiled,
  type Literal,
  literalOf,
  NotModelledInExpression,
  type Path,
  pathOf,
  valueAt,
} from "./cel-parse.ts";
import { isEqual, isInOrder, isNumber, Missing, type Order, orderOf } from "./cel-values.ts";

/**
 * Which events a `waitForEvent` or a `cancelOn` matches. The server does not evaluate these expressions like
 * conditions: it writes the run's own event into them as literals, and finds matches by an index. This engine models
 * comparisons that are joined by && and ||. Each one compares a path of the new event (`async`) with a literal, or is
 * `event.x == async.y`.
 */
type Match = {
  holds: (own: unknown, other: unknown) => boolean;
  /**
   * An equality that every matching event fulfills. The wait is indexed by the value that must be equal, so that the
   * engine finds the wait of an event quickly.
   */
  requiredEquality?: Equality | undefined;
};
export type Equality = { ownPath: Path; otherPath: Path };

const matches = compiled("match", match);

export const matchError = (expression: string): string | undefined => matches.error(expression);
export const requiredEqualityOf = (expression: string): Equality | undefined =>
  matches.get(expression).requiredEquality;
export const isMatch = (expression: string | undefined, own: unknown, other: unknown): boolean =>
  expression === undefined || matches.get(expression).holds(own, other);

/**
 * A text for the index: two values have the same text exactly when the server treats them as equal. A missing value
 * counts as null.
 */
export const indexValue = (path: Path, event: unknown): string => {
  const value = valueAt(path, event);
  return value === Missing ? "null" : JSON.stringify(value);
};

function match(node: ASTNode): Match {
  switch (node.op) {
    case "&&": {
      const [left, right] = [match(node.args[0]), match(node.args[1])];
      return {
        holds: (own, other) => left.holds(own, other) && right.holds(own, other),
        requiredEquality: left.requiredEquality ?? right.requiredEquality,
      };
    }
    case "||": {
      const [left, right] = [match(node.args[0]), match(node.args[1])];
      return { holds: (own, other) => left.holds(own, other) || right.holds(own, other) };
    }
    case "==":
    case "!=":
      return equality(node.op, node.args[0], node.args[1]);
    case "<":
    case "<=":
    case ">":
    case ">=":
      return order(node.op, pathOf(node.args[0]), literalOf(node.args[1]));
    default:
      throw new NotModelledInExpression("Anything but comparisons joined by && and ||");
  }
}

function equality(op: "==" | "!=", left: ASTNode, right: ASTNode): Match {
  const [a, b] = [pathOf(left), pathOf(right)];
  if (a && b) return op === "==" ? equalPaths(a, b) : refuse("!= between two paths");
  const [otherPath, literal] = a ? [a, literalOf(right)] : [b, literalOf(left)];
  if (otherPath?.root !== "async" || literal === undefined) return refuse("This comparison");
  return { holds: (_, other) => isEqual(valueAt(otherPath, other), literal) === (op === "==") };
}

/**
 * The value of the run's own event is a literal here, and null when it is missing. A list or an object is equal to no
 * value.
 */
function equalPaths(a: Path, b: Path): Match {
  const [ownPath, otherPath] = a.root === "event" ? [a, b] : [b, a];
  if (ownPath.root === otherPath.root) return refuse("A comparison within one event");
  if (ownPath.isIndexed || ownPath.keys[0] === "ts") return refuse("This path of the run's own event");
  const holds = (own: unknown, other: unknown) => {
    const value = valueAt(ownPath, own);
    if (value === Missing || value === null) return isEqual(valueAt(otherPath, other), null);
    return typeof value !== "object" && isEqual(value, valueAt(otherPath, other));
  };
  return { holds, requiredEquality: { ownPath, otherPath } };
}

/** The index compares numbers with numbers and texts with texts. Any other comparison is false. */
function order(op: Order, otherPath: Path | undefined, literal: Literal | undefined): Match {
  if (otherPath?.root !== "async" || (typeof literal !== "string" && !isNumber(literal)))
    return refuse(`"${op}" of anything but a path of the new event and a number or text`);
  return {
    holds: (_, other) => {
      const value = valueAt(otherPath, other);
      const order = typeof value === "boolean" ? undefined : orderOf(value, literal);
      return order !== undefined && isInOrder(op, order);
    },
  };
}

function refuse(what: string): never {
  throw new NotModelledInExpression(what);
}
