import { contacts } from "#imports/targets/contacts.ts";
import { products } from "#imports/targets/products.ts";
import { subscribers } from "#imports/targets/subscribers.ts";
import type { Target } from "#imports/targets/target.ts";
import { AppError } from "#lib/errors.ts";

/** All targets of imports. A new target needs one file, one line here, and one line of SQL. */
export const targets: readonly Target[] = [subscribers, contacts, products];

export function targetOf(name: string): Target {
  const target = targets.find((one) => one.name === name);
  if (target) return target;
  throw new AppError("invalid_request", `There is no target ${name}`, {
    hint: `Name one of: ${targets.map((one) => one.name).join(", ")}.`,
  });
}
