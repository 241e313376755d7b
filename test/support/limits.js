// After how long something counts as hanging. Tests that a slow or busy machine fails are worth
// nothing, so these are many times what such a machine needs.

const MINUTE_MS = 60_000;

module.exports = {
  /** A child process, a request, or whatever else is waited for. */
  STEP_LIMIT_MS: 8 * MINUTE_MS,
  TEST_LIMIT_MS: 15 * MINUTE_MS,
  FILE_LIMIT_MS: 25 * MINUTE_MS,
};
