import { expect, test } from "vitest";
import { longFunctions } from "./length.ts";
import { namesOfOtherRooms } from "./rooms.ts";

const migration = (number: string, sql: string) => ({ name: `20261101${number}_x.sql`, sql });
const ledger = migration("000100", "create table public.jobs (id uuid);");
const lists = migration("000400", "create table public.email_lists (id uuid);");

test("a room may name its own tables, the ledger's, and those of the rooms below it", () => {
  const campaigns = migration(
    "000500",
    "create table public.campaigns (id uuid); select from public.campaigns, public.jobs, public.email_lists;",
  );
  expect(namesOfOtherRooms([ledger, lists, campaigns])).toEqual([]);
});

test("another room's table is reported, even in a string, but not in a comment", () => {
  const images = (sql: string) => namesOfOtherRooms([ledger, lists, migration("000600", sql)]);
  const told = ["20261101000600_x.sql: images names public.email_lists, which belongs to lists"];
  expect(images("select 1 from public.email_lists;")).toEqual(told);
  expect(images("select private.call('public.email_lists');")).toEqual(told);
  expect(images("-- As in public.email_lists.\nselect 1;")).toEqual([]);
});

test("a room's table in the ledger is reported", () => {
  const keeper = migration("000320", "delete from public.email_lists;");
  expect(namesOfOtherRooms([ledger, keeper, lists])).toHaveLength(1);
});

test("a function longer than 60 lines is reported", () => {
  const withLines = (count: number) =>
    migration("000100", `create function private.f()\nas $$\n${"select 1;\n".repeat(count - 3)}$$;\n`);
  expect(longFunctions([withLines(60)])).toEqual([]);
  expect(longFunctions([withLines(61)])).toEqual([
    "20261101000100_x.sql: private.f has 61 lines, more than 60",
  ]);
});
