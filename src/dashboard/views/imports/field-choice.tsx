import type { ImportTarget } from "#dashboard/types.ts";

const NOT_READ = "";

type FieldChoiceProps = {
  column: string;
  target: ImportTarget;
  value: string | null;
  onChange: (field: string | null) => void;
};

/** The field into which a column is read. An open target also accepts the column as a field with its own name. */
export function FieldChoice({ column, target, value, onChange }: FieldChoiceProps) {
  const names = new Set(target.fields.map(({ name }) => name));
  if (target.isOpen) names.add(column);
  if (value !== null) names.add(value);
  return (
    <select
      aria-label={`Field for ${column}`}
      value={value ?? NOT_READ}
      onChange={(event) => onChange(event.target.value === NOT_READ ? null : event.target.value)}
    >
      <option value={NOT_READ}>Not read</option>
      {[...names].map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}
