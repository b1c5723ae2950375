import { expect, test } from "vitest";
import { splitStatements } from "#supabase/sql-statements.ts";

const texts = (sql: string) => splitStatements(sql).map(({ text }) => text);

test.each([
  ["plain statements", "select 1; select 2;", ["select 1", "select 2"]],
  ["a last one without a semicolon", "select 1;\nselect 2", ["select 1", "select 2"]],
  [
    "strings",
    "select ';', 'it''s; fine', e'\\';', \"a;b\" from t; select 2",
    ["select ';', 'it''s; fine', e'\\';', \"a;b\" from t", "select 2"],
  ],
  [
    "dollar quotes",
    "do $$ begin; end $$; do $a$ $$; $a$; select 1",
    ["do $$ begin; end $$", "do $a$ $$; $a$", "select 1"],
  ],
  ["parameters are no dollar quotes", "select $1; select $2", ["select $1", "select $2"]],
  [
    "comments",
    "-- a; b\nselect 1; /* c; /* d; */ e; */ select 2",
    ["-- a; b\nselect 1", "/* c; /* d; */ e; */ select 2"],
  ],
  ["nothing but comments", "-- only this;\n/* and; this */\n;;", []],
  [
    "bodies of begin atomic",
    "create function f() returns int begin atomic select case when true then 1 end; select 2; end; select 3",
    [
      "create function f() returns int begin atomic select case when true then 1 end; select 2; end",
      "select 3",
    ],
  ],
  [
    "a transaction's begin is no body",
    "begin; select 1; end; select 2",
    ["begin", "select 1", "end", "select 2"],
  ],
])("splits %s", (_, sql, expected) => {
  expect(texts(sql)).toEqual(expected);
});

test("knows the line on which each begins", () => {
  const sql = "\nselect 1;\n\n\ncreate table t (\n  id int\n);\nselect 2;";
  expect(splitStatements(sql).map(({ line }) => line)).toEqual([2, 5, 8]);
});
