/** The bucket is private: files are downloaded by addresses that are valid for a minute. */
export const REPORTS_BUCKET = "reports";

export const reportUrl = (id: string): string => `/api/reports/${id}`;
export const downloadUrl = (id: string): string => `${reportUrl(id)}/download`;
