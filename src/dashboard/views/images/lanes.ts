/** A line of images with places of its own. */
export type Lane = { name: "tasks" | "demo"; title: string; atOnce: number };

const TASKS: Lane = { name: "tasks", title: "Tasks", atOnce: 5 };
const DEMO: Lane = { name: "demo", title: "Demo", atOnce: 6 };

export const LANES: readonly Lane[] = [TASKS, DEMO];
export const laneOf = (name: string | null): Lane => LANES.find((lane) => lane.name === name) ?? TASKS;
