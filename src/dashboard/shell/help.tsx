import { Dialog } from "#dashboard/components/dialog.tsx";
import { createStore } from "#dashboard/store.ts";
import { VIEWS } from "#dashboard/views/index.ts";
import { switchShortcuts, useShortcuts, useShortcutsOn } from "./shortcuts.ts";
import "./help.css";

const isOpen = createStore(false);
export const openHelp = () => isOpen.set(true);
const close = () => isOpen.set(false);

const focusFilter = () => document.querySelector<HTMLElement>(".filters :is(input, select)")?.focus();

/** The views that have a key: a shortcut is a single character. */
const KEYED = VIEWS.slice(0, 9);

const ACTIONS: Record<string, () => void> = {
  "/": focusFilter,
  "?": openHelp,
  ...Object.fromEntries(
    KEYED.map(({ name }, n) => [
      String(n + 1),
      () => {
        location.hash = `#/${name}`;
      },
    ]),
  ),
};

/** Handles keyboard shortcuts, and shows the list of them. */
export function Help() {
  useShortcuts(ACTIONS);
  const isOn = useShortcutsOn();
  if (!isOpen.use()) return null;
  const keys = [
    ...KEYED.map(({ title }, n) => ({ key: String(n + 1), does: title })),
    { key: "/", does: "Go to the filter" },
    { key: "?", does: "This list" },
    { key: "j k", does: "Next, previous dead letter" },
    { key: "x", does: "Select it (Shift: up to it)" },
    { key: "Ctrl K", does: "Commands" },
    { key: "Esc", does: "Close a dialog" },
  ];
  return (
    <Dialog title="Keyboard" onClose={close}>
      <dl className="keys-list">
        {keys.map(({ key, does }) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label className="row">
        <input type="checkbox" checked={isOn} onChange={(event) => switchShortcuts(event.target.checked)} />
        Use keys of a single character
      </label>
      <footer className="row apart">
        <span />
        <button type="button" onClick={close}>
          Close
        </button>
      </footer>
    </Dialog>
  );
}
