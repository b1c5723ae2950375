import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { scenesOf } from "../../browser/support/scenes.ts";

const ids = { sentJob: "", failedJob: "", running: "", draft: "", list: "", import: "", report: "" };
const nothing = async () => {};
const scenes = scenesOf({ ids, fillTheLane: nothing, raiseAlerts: nothing });
const read = (path: string) => readFileSync(resolve(import.meta.dirname, "../../..", path), "utf8");
/** The views are read as text, because they need a browser. */
const views = [...read("src/dashboard/views/index.ts").matchAll(/\{ name: "([\w-]+)", title: /g)].map(
  ([, name]) => `/${name}`,
);
const guide = read("docs/dashboard.md");

test("each view of the page has a picture of its own", () => {
  const shown = scenes.map(({ view }) => view);
  expect(views.length).toBeGreaterThan(15);
  expect(views.filter((view) => !shown.includes(view))).toEqual([]);
});

test("the guide shows each picture in light, in dark and on a phone", () => {
  const pictures = scenes.flatMap(({ name }) =>
    ["light", "dark", "phone"].map((look) => `${name}-${look}.png`),
  );
  expect(
    pictures.filter(
      (picture) => !guide.includes(`(screenshots/${picture}`) && !guide.includes(`"screenshots/${picture}`),
    ),
  ).toEqual([]);
});
