import { useEffect, useRef } from "react";
import { parseHash, withQuery } from "#dashboard/hooks/use-hash-route.ts";
import "./filters.css";

export type FilterField = {
  name: string;
  label: string;
  /** The allowed values. Without them the field accepts any text. */
  options?: readonly string[];
  placeholder?: string;
  /** Whether only links set this filter. Such a filter is shown only while it has a value. */
  isRare?: true;
};

type FiltersProps = { view: string; fields: readonly FilterField[]; query: URLSearchParams };

const TYPING_MS = 350;
/** The query parameter that selects a page of a list. A change of the filter removes it: the list starts at its first page. */
const PAGE = "cursor";

/** The filters of a list. The address contains the filters, so that people can share a filtered list. */
export function Filters({ view, fields, query }: FiltersProps) {
  const form = useRef<HTMLFormElement>(null);
  const typing = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(typing.current), []);
  // The address may change while the form is shown. A field that is being edited keeps its text.
  useEffect(() => fill(form.current, query, document.activeElement), [query]);

  /** The other parameters are taken from the current address, which may have changed since the form was rendered. */
  const show = (values: Record<string, string>) => {
    clearTimeout(typing.current);
    const rest = [...parseHash(location.hash).query].filter(([name]) => name !== PAGE);
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
        .map((field) => (
          <Field
            key={field.name}
            field={field}
            value={query.get(field.name) ?? ""}
            onType={applySoon}
            onChoose={apply}
          />
        ))}
      {isFiltered && (
        <button type="button" className="plain" onClick={clear}>
          Clear
        </button>
      )}
    </form>
  );
}

type FieldProps = { field: FilterField; value: string; onType: () => void; onChoose: () => void };

const Field = ({ field: { name, label, options, placeholder }, value, onType, onChoose }: FieldProps) => (
  <label>
    {label}
    {options === undefined ? (
      <input
        name={name}
        type="search"
        autoComplete="off"
        spellCheck={false}
        placeholder={placeholder}
        defaultValue={value}
        onChange={onType}
      />
    ) : (
      <select name={name} value={value} onChange={onChoose}>
        <option value="">any</option>
        {options.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
    )}
  </label>
);

/** Fills the fields with the values of the address, except the field that has the focus. */
function fill(form: HTMLFormElement | null, query: URLSearchParams, left: Element | null = null): void {
  for (const field of form?.elements ?? [])
    if (field instanceof HTMLInputElement && field !== left) field.value = query.get(field.name) ?? "";
}
