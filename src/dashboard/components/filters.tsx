import { useEffect, useId, useRef } from "react";
import { withQuery } from "#dashboard/hooks/use-hash-route.ts";
import "./filters.css";

export type FilterField = {
  name: string;
  label: string;
  /** A choice among these; without it a text. */
  options?: readonly string[];
  placeholder?: string;
};

type FiltersProps = { view: string; fields: readonly FilterField[]; query: URLSearchParams };

const TYPING_MS = 350;

/** What a list shows. It lives in the address: it can be shared, and going back undoes it. */
export function Filters({ view, fields, query }: FiltersProps) {
  const form = useRef<HTMLFormElement>(null);
  const typing = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(typing.current), []);
  // Going back changes the address under the form; what somebody is typing is left alone.
  useEffect(() => {
    for (const field of form.current?.elements ?? [])
      if (field instanceof HTMLInputElement && field !== document.activeElement)
        field.value = query.get(field.name) ?? "";
  }, [query]);

  const show = (values: Record<string, string>) => {
    clearTimeout(typing.current);
    history.replaceState(null, "", withQuery(`#/${view}`, values));
    dispatchEvent(new HashChangeEvent("hashchange"));
  };
  const apply = () => {
    if (form.current === null) return;
    const values: Record<string, string> = Object.fromEntries(query);
    for (const [name, value] of new FormData(form.current))
      if (typeof value === "string") values[name] = value.trim();
    show(values);
  };
  const applySoon = () => {
    clearTimeout(typing.current);
    typing.current = setTimeout(apply, TYPING_MS);
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
      {fields.map(({ name, label, options, placeholder }) => (
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
        <button type="button" className="plain" onClick={() => show({})}>
          Clear
        </button>
      )}
    </form>
  );
}

type SegmentedProps<Value extends string> = {
  label: string;
  options: readonly { value: Value; text: string }[];
  value: Value;
  onChange: (value: Value) => void;
};

/** One of a few, all of them in sight: radio buttons that look like one switch. */
export function Segmented<Value extends string>({ label, options, value, onChange }: SegmentedProps<Value>) {
  const name = useId();
  return (
    <div className="segmented" role="radiogroup" aria-label={label}>
      {options.map((option) => (
        <label key={option.value}>
          <input
            className="unseen"
            type="radio"
            name={name}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          {option.text}
        </label>
      ))}
    </div>
  );
}
