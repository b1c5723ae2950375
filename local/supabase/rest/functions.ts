import { refuse } from "../http.ts";
import { type Catalog, type CatalogCache, exposedSchema, type FunctionEntry } from "./catalog.ts";
import { RestError } from "./errors.ts";

/** The function with this name and these argument names, chosen by PostgREST's rules. */
export const findFunction = async (
  catalog: CatalogCache,
  name: string,
  given: readonly string[],
): Promise<FunctionEntry> => {
  const known = choose(await catalog.current(), name, given);
  if (known !== undefined) return known;
  // The function may be newer than the cached schema, which hosted projects also notice with a delay.
  const entry = choose(await catalog.reload(), name, given);
  if (entry === undefined) throw functionNotFound(name, given);
  return entry;
};

const choose = (
  catalog: Catalog,
  name: string,
  argumentNames: readonly string[],
): FunctionEntry | undefined => {
  const candidates = catalog.functions.get(name) ?? [];
  const fitting = candidates.filter((entry) => fits(entry, argumentNames));
  const [chosen] = fitting;
  if (fitting.length > 1) throw ambiguous(fitting);
  const isOdd = chosen === undefined ? candidates.some(takesWholeBody) : chosen.variadic;
  if (isOdd) refuse(`functions with a variadic or an unnamed parameter (${exposedSchema}.${name})`);
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
  const message = `Could not choose the best candidate function between: ${list.join(", ")}`;
  return new RestError(300, "PGRST203", message, {
    hint: "Try renaming the parameters or the function itself in the database so function overloading can be resolved",
  });
};

const functionNotFound = (name: string, argumentNames: readonly string[]) => {
  const names = argumentNames.toSorted().join(", ");
  const shown = `${exposedSchema}.${name}${names === "" ? " without parameters" : `(${names})`}`;
  return new RestError(404, "PGRST202", `Could not find the function ${shown} in the schema cache`);
};

/** The argument names in a call's body. */
export const argumentNamesOf = (body: string): readonly string[] => {
  if (body === "") return [];
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new RestError(400, "PGRST102", "Empty or invalid json");
  }
  if (Array.isArray(value)) return refuse("a function call with an array of argument lists");
  if (typeof value !== "object" || value === null)
    throw new RestError(400, "PGRST102", "Empty or invalid json");
  return Object.keys(value);
};
