import { expect, test } from "vitest";
import { audit } from "./support/axe.ts";
import { browse, withChromium } from "./support/pages.ts";

withChromium("payments", () => {
  const pages = browse();

  test("orders and payments are listed, filtered, and lead to their job", async () => {
    const page = await pages.open("/payments");
    await page.getByText("No orders yet").waitFor();
    for (const orderId of ["order-1", "order-2"])
      await pages.house.call("POST", "/api/payments", { orderId, amount: 4200, idempotencyKey: orderId });
    await pages.house.sql.query("select apply_payment($1, now())", [
      {
        id: "pi_1",
        orderId: "order-1",
        state: { sequence: 1 },
        status: "succeeded",
        amountCents: 4200,
        currency: "usd",
      },
    ]);
    await page.reload();
    const rows = page.locator("tbody tr");
    await expect.poll(() => rows.count()).toBe(2);
    const status = page.getByRole("combobox", { name: "Status" });
    await status.selectOption("paid");
    await expect
      .poll(() => rows.allInnerTexts())
      .toEqual([expect.stringMatching(/^order-1\s+paid\s+\$42\.00/)]);
    expect((await audit(page)).violations).toEqual([]);

    await page.getByText("Payments", { exact: true }).last().click();
    await expect
      .poll(() => rows.allInnerTexts())
      .toEqual([expect.stringMatching(/^pi_1\s+succeeded\s+\$42\.00/)]);
    await status.selectOption("canceled");
    await page.getByText("No payments match").waitFor();
    await status.selectOption("succeeded");
    expect((await audit(page)).violations).toEqual([]);
    await page.getByRole("link", { name: "pi_1" }).click();
    await page.getByRole("heading", { name: "payment", level: 1 }).waitFor();
  });

  test("a key that is no administrator's sees its own orders only", async () => {
    const page = await pages.open("/payments", { as: "app", expected: /403/ });
    await page.getByText("No orders yet").waitFor();
    await page.getByText("Payments", { exact: true }).last().click();
    await page.getByText("This list is for administrators").waitFor();
  });
});
