/** The texts of notifications, and the page that each links to. */
import type { Notification } from "#client/index.ts";
import { fieldsOf } from "#dashboard/fields.ts";

type Words = { text: string; href: string | null };

export function wordsOf({ type, data }: Pick<Notification, "type" | "data">): Words {
  const fields = fieldsOf(data);
  const text = (name: string) => {
    const value = fields.get(name);
    return typeof value === "string" ? value : "";
  };
  switch (type) {
    case "report_ready":
      return { text: "A report is ready", href: `#/reports/${text("reportId")}` };
    case "IMAGE_READY":
      return { text: "A picture is ready", href: "#/images" };
    case "import_ready":
    case "import_ended":
      return {
        text: `Import of ${text("fileName") || "a file"}: ${text("status") || "ready"}`,
        href: `#/imports/${text("importId")}`,
      };
    case "import_undone":
      return {
        text: `Import of ${text("fileName") || "a file"}: undone`,
        href: `#/imports/${text("importId")}`,
      };
    default:
      return { text: type, href: null };
  }
}
