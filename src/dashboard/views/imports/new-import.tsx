import { useEffect, useRef, useState } from "react";
import { announce } from "#dashboard/announce.ts";
import { type Problem, problemOf } from "#dashboard/api.ts";
import { Progress } from "#dashboard/components/progress.tsx";
import { ErrorNote } from "#dashboard/components/states.tsx";
import { DropZone } from "./drop-zone.tsx";
import { Setup } from "./setup.tsx";
import { type Upload, upload } from "./upload.ts";
import { size } from "./words.ts";

type Stage =
  | { name: "choose" }
  | { name: "uploading"; file: File; sent: number }
  | { name: "failed"; file: File; problem: Problem }
  | { name: "ready"; upload: Upload };

/**
 * All steps from the choice of a file to its import. The file is uploaded to Storage at once, and then the API detects
 * its format. `listId` is the list that is chosen at first.
 */
export function NewImport({ listId }: { listId: string | null }) {
  const [stage, setStage] = useState<Stage>({ name: "choose" });
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  const take = async (file: File) => {
    const over = new AbortController();
    running.current = over;
    setStage({ name: "uploading", file, sent: 0 });
    const onSent = (sent: number) => setStage({ name: "uploading", file, sent });
    try {
      const done = await upload(file, { signal: over.signal, onSent });
      setStage({ name: "ready", upload: done });
      announce(`${file.name} is uploaded`);
    } catch (error) {
      if (!over.signal.aborted) setStage({ name: "failed", file, problem: problemOf(error) });
    }
  };
  const discard = () => {
    running.current?.abort();
    setStage({ name: "choose" });
  };

  if (stage.name === "ready") return <Setup upload={stage.upload} listId={listId} onDiscard={discard} />;
  return (
    <section className="card" aria-label="New import">
      {stage.name === "choose" && <DropZone onFile={(file) => void take(file)} />}
      {stage.name === "uploading" && <Uploading file={stage.file} sent={stage.sent} onCancel={discard} />}
      {stage.name === "failed" && (
        <>
          <ErrorNote problem={stage.problem} onRetry={() => void take(stage.file)} />
          <div className="row">
            <button type="button" onClick={discard}>
              Choose another file
            </button>
          </div>
        </>
      )}
    </section>
  );
}

function Uploading({ file, sent, onCancel }: { file: File; sent: number; onCancel: () => void }) {
  // The body of a request is somewhat longer than its file, so `sent` may exceed the file's size.
  const done = Math.min(sent, file.size);
  const percent = file.size === 0 ? 0 : Math.floor((done / file.size) * 100);
  return (
    <>
      <p role="status" dir="auto">
        Uploading {file.name}
      </p>
      <Progress
        progress={{ done, total: file.size, percent }}
        words={`${size(done)} of ${size(file.size)}`}
        large
      />
      <div className="row">
        <button type="button" onClick={onCancel}>
          Cancel upload
        </button>
      </div>
    </>
  );
}
