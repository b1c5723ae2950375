import { useEffect, useRef } from "react";
import { parseHash, withQuery } from "#dashboard/hooks/use-hash-route.ts";
import "./filters.css";

export type FilterField = {
  name: string;
  label: string;
  /** A choice among these; without it a text. */
  options?: readonly string[];
  placeholder?: string;
  /** Comes by a link; shown only while something is in it. */
  isRare?: true;
};

type FiltersProps = { view: string; fields: readonly FilterField[]; query: URLSearchParams };

const TYPING_MS = 350;
/** What says which part of a list is shown: another filter begins at the first. */
const PAGES = new Set(["cursor", "to"]);

/** What a list shows. It lives in the address, so that it can be shared. */
export function Filters({ view, fields, query }: FiltersProps) {
  const form = useRef<HTMLFormElement>(null);
  const typing = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(typing.current), []);
  // Another address may come under the form; what somebody is typing is left alone.
  useEffect(() => fill(form.current, query, document.activeElement), [query]);

  /** The rest of the address stays as it is now: it may have changed since the form was drawn. */
  const show = (values: Record<string, string>) => {
    clearTimeout(typing.current);
    const rest = [...parseHash(location.hash).query].filter(([name]) => !PAGES.has(name));
    history.replaceState(null, "", withQuery(`#/${view}`, { ...Object.fromEntries(rest), ...values }));
    dispatchEvent(new HashChangeEvent("hashchange"));
  };
  const apply = () => {
    if (form.current === null) return;
    const values: Record<string, string> = {};
    for (const [name, value] of new FormData(form.current))
      if (typeof value === "string") values[name] = value.trim();
    show(values);
  };
  const applySoon = () => {
    clearTimeout(typing.current);
    typing.current = setTimeout(apply, TYPING_MS);
  };
  const clear = () => {
    form.current?.querySelector<HTMLElement>("input, select")?.focus();
    fill(form.current, new URLSearchParams());
    show(Object.fromEntries(fields.map(({ name }) => [name, ""])));
  };
  const isFiltered = fields.some(({ name }) => query.get(name));

  return (
    <form
      ref={form}
      className="filters"
      aria-label="Filters"
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      {fields
        .filter(({ name, isRare }) => isRare !== true || query.get(name))
        .map(({ name, label, options, placeholder }) => (
          <label key={name}>
            {label}
            {options === undefined ? (
              <input
                name={name}
                type="search"
                autoComplete="off"
                spellCheck={false}
                placeholder={placeholder}
                defaultValue={query.get(name) ?? ""}
                onChange={applySoon}
              />
            ) : (
              <select name={name} value={query.get(name) ?? ""} onChange={apply}>
                <option value="">any</option>
                {options.map((option) => (
                  <option key={option}>{option}</option>
                ))}
              </select>
            )}
          </label>
        ))}
      {isFiltered && (
        <button type="button" className="plain" onClick={clear}>
          Clear
        </button>
      )}
    </form>
  );
}

/** The texts as the address has them, but for one that is left as it is. */
function fill(form: HTMLFormElement | null, query: URLSearchParams, left: Element | null = null): void {
  for (const field of form?.elements ?? [])
    if (field instanceof HTMLInputElement && field !== left) field.value = query.get(field.name) ?? "";
}
