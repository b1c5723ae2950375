import { refuse } from "../http.ts";
import { type Catalog, exposedSchema, type FunctionEntry } from "./catalog.ts";
import { closest } from "./closest.ts";
import { RestError } from "./errors.ts";

/** The function of this name that these arguments fit, by their names, as PostgREST decides it. */
export const chooseFunction = (
  catalog: Catalog,
  name: string,
  argumentNames: readonly string[],
): FunctionEntry | undefined => {
  const candidates = catalog.functions.get(name) ?? [];
  const fitting = candidates.filter((entry) => fits(entry, argumentNames));
  const [chosen, rival] = fitting;
  if (rival !== undefined) throw ambiguous(fitting);
  if (chosen === undefined && candidates.some(takesWholeBody)) {
    return refuse(`functions with one unnamed parameter (${exposedSchema}.${name})`);
  }
  if (chosen?.variadic) return refuse(`variadic functions (${exposedSchema}.${name})`);
  return chosen;
};

const fits = ({ parameters }: FunctionEntry, names: readonly string[]) =>
  names.every((name) => parameters.some((parameter) => parameter.name === name)) &&
  parameters.every((parameter) => !parameter.required || names.includes(parameter.name));

const takesWholeBody = ({ parameters }: FunctionEntry) =>
  parameters.length === 1 && parameters[0]?.name === "" && parameters[0].required;

const ambiguous = (entries: readonly FunctionEntry[]) => {
  const list = entries.map(
    ({ name, parameters }) =>
      `${exposedSchema}.${name}(${parameters.map((p) => `${p.name} => ${p.type}`).join(", ")})`,
  );
  return new RestError(
    300,
    "PGRST203",
    `Could not choose the best candidate function between: ${list.join(", ")}`,
    {
      hint: "Try renaming the parameters or the function itself in the database so function overloading can be resolved",
    },
  );
};

export const functionNotFound = (
  catalog: Catalog,
  name: string,
  argumentNames: readonly string[],
): RestError => {
  const names = argumentNames.toSorted();
  const full = `${exposedSchema}.${name}`;
  const shown = names.length === 0 ? `${full} without parameters` : `${full}(${names.join(", ")})`;
  const searched =
    names.length === 0
      ? " without parameters"
      : ` with parameter${names.length > 1 ? "s" : ""} ${names.join(", ")}`;
  const hint = suggestion(catalog, name);
  return new RestError(404, "PGRST202", `Could not find the function ${shown} in the schema cache`, {
    details:
      `Searched for the function ${full}${searched} or with a single unnamed json/jsonb parameter, ` +
      "but no matches were found in the schema cache.",
    ...(hint === undefined ? {} : { hint }),
  });
};

const suggestion = ({ functions }: Catalog, name: string): string | undefined => {
  const [same] = functions.get(name) ?? [];
  if (same !== undefined) {
    const names = same.parameters.map((parameter) => parameter.name).join(", ");
    return `Perhaps you meant to call the function ${exposedSchema}.${name}${names === "" ? "" : `(${names})`}`;
  }
  const near = closest(name, functions.keys());
  return near === undefined ? undefined : `Perhaps you meant to call the function ${exposedSchema}.${near}`;
};
