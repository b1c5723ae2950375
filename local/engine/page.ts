import { hasEnded, type RunDocument } from "./documents.ts";
import type { Engine } from "./engine.ts";

const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] ?? c);

export function page(engine: Engine): string {
  const runs = [...engine.history.runs.values()].reverse().slice(0, 100);
  const rows = runs.map(
    (run: RunDocument) =>
      `<tr><td>${run.id}<td>${escape(run.functionId)}<td>${run.status}<td>${hasEnded(run) ? "" : Object.keys(run.jobs).length}`,
  );
  return `<!doctype html><title>Engine</title><h1>Runs</h1><table>${rows.join("")}</table>`;
}
