import { ListChoice } from "#dashboard/components/list-choice.tsx";
import type { ImportTarget } from "#dashboard/types.ts";
import type { Asked } from "./use-start.ts";

const MERGES = {
  upsert: "Insert new rows, update the others",
  insert: "Insert new rows, skip the others",
  update: "Update rows that exist, skip the others",
};
const ABSENTS = {
  keep: "Stays as it is",
  clear: "Is emptied",
};

type Chosen = Pick<Asked, "target" | "options" | "merge" | "absent">;
type ChoicesProps = {
  targets: readonly ImportTarget[];
  chosen: Chosen;
  onTarget: (target: ImportTarget) => void;
  onChange: (chosen: Chosen) => void;
};

/** The target of the rows, and what happens to rows that exist already. */
export function Choices({ targets, chosen, onTarget, onChange }: ChoicesProps) {
  return (
    <div className="import-choices">
      <label>
        Import into
        <select
          value={chosen.target}
          onChange={({ target: { value } }) => {
            const target = targets.find(({ name }) => name === value);
            if (target) onTarget(target);
          }}
        >
          {targets.map(({ name, title }) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
      {chosen.target === "subscribers" && (
        <ListChoice
          value={chosen.options["listId"] ?? ""}
          onChange={(listId) => onChange({ ...chosen, options: { listId } })}
        />
      )}
      <Rule
        label="Rows that exist"
        rules={MERGES}
        value={chosen.merge}
        onChange={(merge) => onChange({ ...chosen, merge })}
      />
      <Rule
        label="A field without a column"
        rules={ABSENTS}
        value={chosen.absent}
        onChange={(absent) => onChange({ ...chosen, absent })}
      />
    </div>
  );
}

type ChoiceProps = { value: string; onChange: (value: string) => void };

function Rule({
  label,
  rules,
  value,
  onChange,
}: ChoiceProps & { label: string; rules: Record<string, string> }) {
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        {Object.entries(rules).map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
