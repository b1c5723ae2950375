import type { Migration } from "./rooms.ts";

const MOST_LINES = 60;

/** The SQL functions of the migrations that are longer than one screen. */
export const longFunctions = (migrations: readonly Migration[]): string[] =>
  migrations.flatMap(({ name, sql }) =>
    [...sql.matchAll(/^create (?:or replace )?function ([\w.]+)[\s\S]*?^\$\$;$/gm)].flatMap(([text, fn]) => {
      const lines = text.split("\n").length;
      return lines > MOST_LINES ? [`${name}: ${fn} has ${lines} lines, more than ${MOST_LINES}`] : [];
    }),
  );
