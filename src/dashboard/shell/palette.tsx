import { type KeyboardEvent, useEffect, useId, useState } from "react";
import { Dialog } from "#dashboard/components/dialog.tsx";
import { type Command, commandsFor } from "./commands.ts";
import "./palette.css";

/** Opens the command palette with Ctrl+K or Cmd+K, except in a dialog. */
export function Palette() {
  const [isOpen, setIsOpen] = useState(false);
  useEffect(() => {
    const pressed = (event: globalThis.KeyboardEvent) => {
      if (
        event.key.toLowerCase() !== "k" ||
        !(event.ctrlKey || event.metaKey) ||
        event.altKey ||
        event.shiftKey
      )
        return;
      event.preventDefault();
      if (document.querySelector("dialog[open]") === null) setIsOpen(true);
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  return isOpen && <PaletteDialog onClose={() => setIsOpen(false)} />;
}

/** A field with a list below it. The arrow keys choose, and Enter runs the command. The focus stays in the field. */
function PaletteDialog({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const list = useId();
  const commands = commandsFor(text);
  const run = (command: Command | undefined) => {
    if (command === undefined) return;
    onClose();
    command.run();
  };
  const move = (event: KeyboardEvent) => {
    if (event.key === "Enter") run(commands[chosen]);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || commands.length === 0) return;
    event.preventDefault();
    setChosen((chosen + step + commands.length) % commands.length);
  };
  return (
    <Dialog title="Commands" onClose={onClose}>
      <input
        role="combobox"
        aria-label="Command, id, or words to search for"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={commands.length === 0 ? undefined : `${list}-${chosen}`}
        placeholder="A page, an id, an action, or words to search for"
        maxLength={100}
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          setChosen(0);
        }}
        onKeyDown={move}
      />
      <Options id={list} commands={commands} chosen={chosen} onRun={run} />
    </Dialog>
  );
}

type OptionsProps = {
  id: string;
  commands: readonly Command[];
  chosen: number;
  onRun: (command: Command) => void;
};

function Options({ id, commands, chosen, onRun }: OptionsProps) {
  useEffect(() => {
    document.getElementById(`${id}-${chosen}`)?.scrollIntoView({ block: "nearest" });
  }, [id, chosen]);
  return (
    // The field above keeps the focus, and handles the keys that choose an option.
    <div id={id} role="listbox" aria-label="Commands" className="palette" tabIndex={-1}>
      {commands.map((command, n) => (
        // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the field above has the keys
        <div
          key={command.title}
          id={`${id}-${n}`}
          role="option"
          aria-selected={n === chosen}
          tabIndex={-1}
          onClick={() => onRun(command)}
        >
          {command.title}
        </div>
      ))}
    </div>
  );
}
