import axe from "axe-core";
import type { Page } from "playwright-core";
import { z } from "zod";

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
 * What breaks WCAG 2.2 AA on the page as it stands, one line for each element (of these rules alone, if any are named);
 * `checked` has the rules that found something to pass.
 */
export async function audit(
  page: Page,
  rules?: string[],
): Promise<{ violations: string[]; checked: string[] }> {
  // Colors that are still on their way from one theme to the other would be judged half-way.
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter(({ effect }) => effect?.getComputedTiming().iterations !== Number.POSITIVE_INFINITY)
        .map(({ finished }) => finished.catch(() => {})),
    ),
  );
  // Not a script of the page, so its content security policy has no say in it.
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
