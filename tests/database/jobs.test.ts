import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
let db: TestDatabase;
beforeAll(async () => { db = await freshDatabase(); });
afterAll(() => db.close());
test("boots", async () => { expect((await db.sql.query("select 1 as a")).rows).toEqual([{a:1}]); });
