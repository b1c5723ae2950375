/**
 * Which of the SDK's two roads workflow tests take when they do not say: several steps in one request, as the product
 * does it, or one (`CHECKPOINTING=false`).
 */
export const CHECKPOINTING = process.env["CHECKPOINTING"] !== "false";
