import type { InngestFunction } from "inngest";
import type { DatabaseClient } from "#lib/database/client.ts";
import { generateReport } from "./generate-report.ts";
import { renderPdf } from "./render-pdf.ts";
import { reportRepository } from "./repository.ts";

type Dependencies = Omit<Parameters<typeof generateReport>[0], "reports" | "render"> & { db: DatabaseClient };

export const reportFunctions = ({ db, ...deps }: Dependencies): InngestFunction.Any[] => [
  generateReport({ ...deps, reports: reportRepository(db, deps.clock), render: renderPdf }),
];
