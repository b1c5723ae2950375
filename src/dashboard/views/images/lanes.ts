import type { LANES as SERVED } from "#images/lanes.ts";

/** A lane of images. Its numbers have the API's types, so that the page does not compile when they change. */
type LaneOf<Name extends keyof typeof SERVED> = {
  name: Name;
  title: string;
  atOnce: (typeof SERVED)[Name]["atOnce"];
};
export type Lane = LaneOf<"tasks"> | LaneOf<"demo">;

const TASKS: LaneOf<"tasks"> = { name: "tasks", title: "Tasks", atOnce: 5 };
const DEMO: LaneOf<"demo"> = { name: "demo", title: "Demo", atOnce: 6 };

export const LANES: readonly Lane[] = [TASKS, DEMO];
export const laneOf = (name: string | null): Lane => LANES.find((lane) => lane.name === name) ?? TASKS;
