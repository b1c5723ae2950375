/**
 * The SDK of Inngest reads all variables several times in each call. In Node's own `process.env` each read is a call to
 * the system, which took a tenth of the workflow tests' time; a plain copy costs almost nothing.
 */
process.env = { ...process.env };
