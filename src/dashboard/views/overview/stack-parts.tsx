import { useStack } from "#dashboard/shell/use-stack.ts";

/** The services that the work depends on, and whether they answer. */
export function StackParts() {
  const parts = useStack();
  return (
    <ul className="row small" aria-label="Services">
      {parts.map(({ name, isUp, problem }) => (
        <li key={name} className={`badge tone-${isUp ? "good" : "bad"}`} title={problem}>
          {name} {isUp ? "up" : "down"}
        </li>
      ))}
    </ul>
  );
}
