import { forgetKey } from "#dashboard/key.ts";
import { chooseTheme } from "#dashboard/theme.ts";
import { VIEWS } from "#dashboard/views/index.ts";
import { openHelp } from "./help.tsx";

export type Command = { title: string; run: () => void };

const goTo = (title: string, hash: string): Command => ({
  title,
  run: () => {
    location.hash = hash;
  },
});

const COMMANDS: readonly Command[] = [
  ...VIEWS.map(({ name, title }) => goTo(`Go to ${title}`, `#/${name}`)),
  goTo("Jobs that failed", "#/jobs?status=failed"),
  goTo("Jobs that run now", "#/jobs?status=running"),
  { title: "Light colors", run: () => chooseTheme("light") },
  { title: "Dark colors", run: () => chooseTheme("dark") },
  { title: "Colors of the system", run: () => chooseTheme("system") },
  { title: "Keyboard shortcuts", run: openHelp },
  { title: "Forget the key", run: () => forgetKey() },
];

const ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const WITH_IDS = {
  job: "jobs",
  "dead letter": "dead-letters",
  campaign: "campaigns",
  import: "imports",
  report: "reports",
  "received webhook": "webhook-inbox",
};

/**
 * The commands that match all words of the text. For an id there is a command for each kind of item. A search is
 * offered for any text.
 */
export function commandsFor(text: string): readonly Command[] {
  const wanted = text.trim();
  if (ID.test(wanted))
    return Object.entries(WITH_IDS).map(([thing, view]) => goTo(`Open the ${thing}`, `#/${view}/${wanted}`));
  const words = wanted.toLowerCase().split(/\s+/);
  const found = COMMANDS.filter(({ title }) => words.every((word) => title.toLowerCase().includes(word)));
  if (wanted === "") return found;
  return [
    ...found,
    goTo(`Search the jobs for “${wanted}”`, `#/jobs?${new URLSearchParams({ search: wanted })}`),
  ];
}
