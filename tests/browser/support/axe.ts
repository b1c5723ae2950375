import axe from "axe-core";
import type { Page } from "playwright-core";
import { z } from "zod";
import { settled } from "./views.ts";

const levels = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

const found = z.object({
  passes: z.array(z.object({ id: z.string() })),
  violations: z.array(
    z.object({
      id: z.string(),
      nodes: z.array(z.object({ html: z.string(), failureSummary: z.string().optional() })),
    }),
  ),
});

/**
 * Violations of WCAG 2.2 AA on the page, one line for each element (of these rules only, if any are given). `checked`
 * has the rules that applied to something.
 */
export async function audit(
  page: Page,
  rules?: string[],
): Promise<{ violations: string[]; checked: string[] }> {
  // The rows of a former filter are shown pale until the new ones are there.
  await settled(page);
  // Colors in a transition between themes would be judged half-way.
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter(({ effect }) => effect?.getComputedTiming().iterations !== Number.POSITIVE_INFINITY)
        .map(({ finished }) => finished.catch(() => {})),
    ),
  );
  // Not a script of the page, so its content security policy does not apply.
  await page.evaluate(axe.source);
  const runOnly = JSON.stringify(rules ?? levels);
  const result = found.parse(await page.evaluate(`axe.run(document, { runOnly: ${runOnly} })`));
  return {
    violations: result.violations.flatMap(({ id, nodes }) =>
      nodes.map(
        ({ html, failureSummary = "" }) => `${id}: ${html}\n  ${failureSummary.replaceAll("\n", " ")}`,
      ),
    ),
    checked: result.passes.map(({ id }) => id),
  };
}
