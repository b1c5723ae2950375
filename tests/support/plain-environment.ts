/**
 * The SDK of Inngest reads all variables several times in each call. In Node's own `process.env` each read is a call to
 * the system, which took a tenth of the workflow tests' time; a plain copy costs almost nothing.
 *
 * A test that changes variables replaces `process.env` too, and restores it. `vi.stubEnv` does not work here: it removes
 * a variable from Node's own object alone, so that the next file would find it.
 */
process.env = { ...process.env };
