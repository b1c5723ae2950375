import { type DragEvent, useState } from "react";
import { Icon } from "#dashboard/components/icon.tsx";

/** Chooses one file: by the browser's dialog, or by dropping it. */
export function DropZone({ onFile }: { onFile: (file: File) => void }) {
  const [isOver, setIsOver] = useState(false);
  const choose = (files: FileList | null) => {
    const file = files?.[0];
    if (file) onFile(file);
  };
  const over = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(true);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(false);
    choose(event.dataTransfer.files);
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the input inside takes the keyboard
    <label
      className={`drop-zone ${isOver ? "over" : ""}`}
      onDragOver={over}
      onDragLeave={() => setIsOver(false)}
      onDrop={drop}
    >
      <Icon name="upload" size={24} />
      <span>
        <strong>Choose a file</strong> or drop it here
      </span>
      <span className="quiet small">CSV, NDJSON or a JSON array, also packed with gzip</span>
      <input
        className="unseen"
        type="file"
        accept=".csv,.tsv,.txt,.json,.ndjson,.jsonl,.gz"
        onChange={({ currentTarget }) => {
          choose(currentTarget.files);
          currentTarget.value = ""; // Emptied, so that the same file can be chosen again
        }}
      />
    </label>
  );
}
