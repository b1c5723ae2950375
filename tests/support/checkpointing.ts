/**
 * Which mode of the SDK workflow tests use by default: several steps per request, as the product does, or one
 * (`CHECKPOINTING=false`).
 */
export const CHECKPOINTING = process.env["CHECKPOINTING"] !== "false";
