import "./json.css";

/** A name with its colon, a text, or a number, truth or null. */
const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Anything as readable JSON. It goes in as text: what people sent us stays harmless. */
export function Json({ label, value }: { label: string; value: unknown }) {
  return (
    // What scrolls can be scrolled with the keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre className="json" role="group" tabIndex={0} aria-label={label}>
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
