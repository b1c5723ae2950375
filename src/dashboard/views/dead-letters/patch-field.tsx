type PatchProps = { value: string; onChange: (value: string) => void };

const EXAMPLE = '[{ "op": "replace", "path": "/email", "value": "ada@example.com" }]';

/** A field for a JSON Patch for the data of dead letters. It is closed at first, because most letters need no patch. */
export const PatchField = ({ value, onChange }: PatchProps) => (
  <details className="patch">
    <summary>Change the data first</summary>
    <label className="stack">
      JSON Patch (RFC 6902)
      <textarea
        className="mono"
        rows={4}
        maxLength={4096}
        spellCheck={false}
        placeholder={EXAMPLE}
        value={value}
        onChange={({ target }) => onChange(target.value)}
      />
    </label>
    <p className="quiet small">
      The result must fit the event's schema; otherwise the dead letter stays open and says why. The event's
      own data is kept.
    </p>
  </details>
);
