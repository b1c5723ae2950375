import { scrolling } from "#dashboard/components/scrolling.ts";
import "./json.css";

/** A name with its colon, a text, a number, a boolean or null. */
const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Any value as readable JSON. It is rendered as text, so that foreign content is harmless. */
export function Json({ label, value }: { label: string; value: unknown }) {
  return (
    <pre className="json" role="group" {...scrolling(label)}>
      {typeof value === "string" ? value : colored(JSON.stringify(value, null, 2) ?? "nothing")}
    </pre>
  );
}

function colored(text: string) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(TOKEN)) {
    const [whole, quoted, colon] = found;
    parts.push(text.slice(end, found.index));
    const kind = quoted === undefined ? "word" : colon === undefined ? "text" : "name";
    parts.push(
      <span key={found.index} className={kind}>
        {whole}
      </span>,
    );
    end = found.index + whole.length;
  }
  return [...parts, text.slice(end)];
}
