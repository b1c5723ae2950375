import { useRef, useState } from "react";
import { ListChoice } from "#dashboard/components/list-choice.tsx";
import type { Draft, Source } from "./draft.ts";

type EditorProps = {
  draft: Draft;
  /** The names of the merge fields that are offered. */
  fields: readonly string[];
  onChange: (changes: Partial<Draft>) => void;
};
type Writing = HTMLInputElement | HTMLTextAreaElement;

/** The inputs of a draft. A merge field is inserted at the place where the author wrote last. */
export function Editor({ draft, fields, onChange }: EditorProps) {
  const last = useRef<{ source: Source; element: Writing }>(undefined);
  const html = useRef<HTMLTextAreaElement>(null);
  const insert = (name: string) => {
    const element = last.current?.element ?? html.current;
    if (element === null) return;
    const [start, end] = [element.selectionStart ?? 0, element.selectionEnd ?? 0];
    element.setRangeText(`{{${name}}}`, start, end, "end");
    onChange({ [last.current?.source ?? "html"]: element.value });
    element.focus();
  };
  const written = (source: Source) => ({
    value: draft[source],
    onChange: (event: { target: Writing }) => onChange({ [source]: event.target.value }),
    onFocus: (event: { target: Writing }) => {
      last.current = { source, element: event.target };
    },
  });
  return (
    <div className="stack">
      <Envelope draft={draft} onChange={onChange} />
      <label className="composer-text">
        Subject
        <input {...written("subject")} required maxLength={998} />
      </label>
      <MergeFields fields={fields} onInsert={insert} />
      <label className="composer-text">
        HTML
        <textarea
          {...written("html")}
          ref={html}
          className="mono html"
          maxLength={200_000}
          spellCheck={false}
        />
      </label>
      <label className="composer-text">
        Text
        <textarea {...written("text")} className="mono" maxLength={200_000} />
      </label>
    </div>
  );
}

function Envelope({ draft, onChange }: Pick<EditorProps, "draft" | "onChange">) {
  const textField = (name: "name" | "from" | "replyTo") => ({
    value: draft[name],
    onChange: (event: { target: Writing }) => onChange({ [name]: event.target.value }),
  });
  return (
    <div className="composer-fields">
      <label>
        Name
        <input {...textField("name")} maxLength={200} placeholder="For you; recipients do not see it" />
      </label>
      <ListChoice value={draft.listId} onChange={(listId) => onChange({ listId })} />
      <label>
        From
        <input {...textField("from")} required maxLength={320} placeholder="Ada <ada@example.com>" />
      </label>
      <label>
        Reply to
        <input {...textField("replyTo")} maxLength={320} />
      </label>
    </div>
  );
}

type MergeFieldsProps = { fields: readonly string[]; onInsert: (name: string) => void };

function MergeFields({ fields, onInsert }: MergeFieldsProps) {
  const [chosen, setChosen] = useState("email");
  return (
    <div className="row composer-merge">
      <label>
        Merge field
        <select value={chosen} onChange={(event) => setChosen(event.target.value)}>
          {fields.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <button type="button" onClick={() => onInsert(chosen)}>
        Insert
      </button>
      <span className="quiet small">
        <code>{"{{name|friend}}"}</code> has a fallback. In the query of a link, write{" "}
        <code>{"{{email|url_encode}}"}</code>.
      </span>
    </div>
  );
}
