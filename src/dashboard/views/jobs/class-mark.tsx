/** Names of the classes; a test holds them to the product's own table (lib/priorities.ts), which stays on the server. */
export const CLASS_NAMES: Readonly<Record<number, string>> = {
  1: "critical",
  2: "high",
  3: "normal",
  4: "low",
  5: "background",
};

export const ClassMark = ({ priority }: { priority: number }) => (
  <span>
    <span className="quiet mono">P{priority}</span> {CLASS_NAMES[priority]}
  </span>
);
